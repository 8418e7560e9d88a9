//! `ask`: one question to each provider, a few at once, all of them within a time that was set.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Request, Response, redirect, retry};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use crate::catalog::provider::{Provider, Verify};
use crate::live::answer::{Answered, Heard, Verdict, judge, needs_body};
use crate::live::call;
use crate::live::hosts::{Hosts, is_loopback};
use crate::secret::Secret;

/// How much of an answer is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// A token, and who is to be asked about it.
pub(crate) struct Question<'c> {
    pub(super) provider: &'c Provider,
    pub(super) token: Secret,
    beside: BTreeMap<String, Secret>,
}

impl<'c> Question<'c> {
    /// Whether this provider accepts this token.
    pub(crate) fn new(provider: &'c Provider, token: Secret) -> Self {
        Self { provider, token, beside: BTreeMap::new() }
    }

    /// Adds a value that the call needs beside the token: the other half of a pair, by the name in the catalog.
    pub(crate) fn with(mut self, name: &str, value: Secret) -> Self {
        self.beside.insert(name.to_owned(), value);
        self
    }

    pub(super) fn beside(&self, name: &str) -> Option<&Secret> {
        self.beside.get(name)
    }

    fn is_same_as(&self, other: &Self) -> bool {
        self.provider.id == other.provider.id && self.token == other.token && self.beside == other.beside
    }
}

/// How questions are asked.
pub(crate) struct Terms<'h> {
    /// Where, when that is not where the catalog says.
    pub(crate) hosts: &'h Hosts,
    /// How long one answer may take.
    pub(crate) each: Duration,
    /// How long all of them may take.
    pub(crate) all: Duration,
    /// How many are asked at once; the same host only one at a time.
    pub(crate) at_once: usize,
    /// What time it is.
    pub(crate) now: Timestamp,
}

impl<'h> Terms<'h> {
    /// 10 seconds for each, a minute for all, four at once.
    pub(crate) fn new(hosts: &'h Hosts, now: Timestamp) -> Self {
        Self { hosts, each: Duration::from_secs(10), all: Duration::from_secs(60), at_once: 4, now }
    }
}

/// Asks, and answers in the order of the questions. The same question is asked once; a host that wants to be left alone is
/// asked no more. `progress` hears how many of how many are done, from none to all.
///
/// No error: what goes wrong is an answer too.
pub(crate) fn ask(
    questions: &[Question<'_>],
    terms: &Terms<'_>,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Answered> {
    let mut asked: Vec<(usize, Asked)> = Vec::new();
    let mut answers: Vec<Option<Answered>> = questions.iter().map(|_| None).collect();
    let mut same_as: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, question) in questions.iter().enumerate() {
        if let Some(earlier) = questions[..number].iter().position(|earlier| question.is_same_as(earlier)) {
            same_as.insert(number, earlier);
            continue;
        }
        match Asked::new(question, terms.hosts) {
            Ok(one) => asked.push((number, one)),
            Err(words) => answers[number] = Some(Answered::without(Verdict::NotVerifiable, words)),
        }
    }
    if !asked.is_empty() {
        let total = asked.len();
        progress(0, total);
        let numbers: Vec<usize> = asked.iter().map(|(number, _)| *number).collect();
        let mut done = 0;
        let mut settle = |number: usize, answered: Answered| {
            answers[number] = Some(answered);
            done += 1;
            progress(done, total);
        };
        if let Err(words) = ask_all(questions, asked, terms, &mut settle) {
            for number in numbers {
                settle(number, Answered::without(Verdict::NoAnswer, words.to_owned()));
            }
        }
    }
    let answer = |number: usize| {
        let number = same_as.get(&number).copied().unwrap_or(number);
        let late = || Answered::without(Verdict::NoAnswer, "there was no time left to ask".to_owned());
        answers[number].clone().unwrap_or_else(late)
    };
    (0..questions.len()).map(answer).collect()
}

/// What is left of a question when its turn comes: whom, and what the answer will mean.
struct Asked {
    name: String,
    host: String,
    url: String,
    verify: Verify,
}

impl Asked {
    /// # Errors
    /// Why it can't be asked, in a sentence.
    fn new(question: &Question<'_>, hosts: &Hosts) -> Result<Self, String> {
        let Provider { id, name, verify, not_verifiable, .. } = question.provider;
        let Some(verify) = verify else {
            return Err(match not_verifiable {
                Some(why) => format!("{name} can't be asked: {why}"),
                None => format!("{name} has no call that says whether it lives"),
            });
        };
        let url = hosts
            .locate(id, &verify.call.url)
            .map_err(|base| format!("{name} is asked where you say: `--host {id}={base}`"))?;
        let host = url.splitn(4, '/').nth(2).unwrap_or_default().to_ascii_lowercase();
        Ok(Self { name: name.clone(), host, url, verify: verify.clone() })
    }
}

/// # Errors
/// Why nothing could be asked at all, in a sentence.
fn ask_all(
    questions: &[Question<'_>],
    asked: Vec<(usize, Asked)>,
    terms: &Terms<'_>,
    settle: &mut impl FnMut(usize, Answered),
) -> Result<(), &'static str> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| "the network can't be used here")?;
    runtime.block_on(in_turn(questions, asked.into(), terms, settle));
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    Ok(())
}

async fn in_turn(
    questions: &[Question<'_>],
    mut waiting: VecDeque<(usize, Asked)>,
    terms: &Terms<'_>,
    settle: &mut impl FnMut(usize, Answered),
) {
    let end = Instant::now() + terms.all;
    let mut clients = Clients::default();
    let mut busy: BTreeSet<String> = BTreeSet::new();
    let mut resting: BTreeMap<String, Answered> = BTreeMap::new();
    let mut running: JoinSet<(usize, String, Answered)> = JoinSet::new();
    loop {
        while running.len() < terms.at_once.max(1) {
            let Some(next) = waiting.iter().position(|(_, asked)| !busy.contains(&asked.host)) else { break };
            let Some((number, asked)) = waiting.remove(next) else { break };
            if let Some(answered) = resting.get(&asked.host) {
                settle(number, answered.clone());
                continue;
            }
            let request = call::request(&asked.verify.call, &asked.url, &questions[number], terms.now)
                .map_err(|error| (Verdict::NotVerifiable, error.to_string()));
            let ready = request.and_then(|request| match clients.for_request(&request) {
                Ok(client) => Ok((client, request)),
                Err(why) => Err((Verdict::NoAnswer, why.to_owned())),
            });
            match ready {
                Ok((client, request)) => {
                    busy.insert(asked.host.clone());
                    let (each, now) = (terms.each, terms.now);
                    running.spawn(async move {
                        let answered = ask_one(client, request, &asked, each, now).await;
                        (number, asked.host, answered)
                    });
                }
                Err((verdict, why)) => {
                    settle(
                        number,
                        Answered::without(verdict, format!("{} can't be asked: {why}", asked.name)),
                    );
                }
            }
        }
        match timeout_at(end, running.join_next()).await {
            Ok(Some(Ok((number, host, answered)))) => {
                busy.remove(&host);
                if answered.verdict == Verdict::RateLimited {
                    resting.insert(host, answered.clone());
                }
                settle(number, answered);
            }
            // A task that ended without an answer leaves its question to be answered by `ask`.
            Ok(Some(Err(_))) => {}
            Ok(None) | Err(_) => break,
        }
    }
    running.abort_all();
}

async fn ask_one(
    client: Client,
    request: Request,
    asked: &Asked,
    each: Duration,
    now: Timestamp,
) -> Answered {
    match timeout(each, hear(client, request, &asked.verify)).await {
        Ok(Ok(heard)) => judge(&asked.verify, &asked.name, &heard, now),
        Ok(Err(error)) => {
            let words = format!("{} did not answer: {}", asked.name, reason(&error));
            Answered::without(Verdict::NoAnswer, words)
        }
        Err(_) => {
            let words = format!("{} did not answer within {} s", asked.name, each.as_secs_f32());
            Answered::without(Verdict::NoAnswer, words)
        }
    }
}

async fn hear(client: Client, request: Request, verify: &Verify) -> Result<Heard, reqwest::Error> {
    let mut response = client.execute(request).await?;
    let body = if needs_body(verify) { read(&mut response).await } else { None };
    Ok(Heard { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
}

/// The whole body, where it has an end within the limit.
async fn read(response: &mut Response) -> Option<Zeroizing<Vec<u8>>> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = response.chunk().await.ok()? {
        if body.len() + piece.len() > MAX_BODY {
            return None;
        }
        body.extend_from_slice(&piece);
    }
    Some(body)
}

/// What went wrong, in our words: the library's own may have the whole address in them.
fn reason(error: &reqwest::Error) -> &'static str {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls =
            inner.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::InvalidCertificate(_)) => {
                return "its certificate is not one that this machine trusts";
            }
            Some(_) => return "no secure connection came about",
            None => cause = inner.map(|inner| inner as _).or_else(|| error.source()),
        }
    }
    if error.is_dns() {
        "its name has no address here"
    } else if error.is_connect() {
        "there is no connection to it from here"
    } else {
        "what came back is not HTTP, or stopped too early"
    }
}

/// Two of them: one for the world, over TLS and through the proxy that the environment names, and one for this machine,
/// which no proxy comes between. Each is made when it is needed.
#[derive(Default)]
struct Clients {
    world: Option<Client>,
    machine: Option<Client>,
}

impl Clients {
    /// # Errors
    /// Where there is no way to a secure connection, in a sentence.
    fn for_request(&mut self, request: &Request) -> Result<Client, &'static str> {
        // Only the first one of a process counts, and all of them are the same.
        _ = rustls::crypto::ring::default_provider().install_default();
        let (place, builder) = if is_loopback(request.url()) {
            (&mut self.machine, Client::builder().no_proxy())
        } else {
            (&mut self.world, Client::builder().https_only(true))
        };
        if let Some(client) = place {
            return Ok(client.clone());
        }
        let client = builder
            .user_agent(concat!("mcpcred/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|_| "no certificates of authorities were found here: install `ca-certificates`")?;
        Ok(place.insert(client).clone())
    }
}
