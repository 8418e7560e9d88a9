//! `ask`: one question to each provider, a few at once, all of them within a time that was set.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::live::answer::{Answered, Verdict};
use crate::live::client::Clients;
use crate::live::errand::Errand;
use crate::live::hosts::Hosts;
use crate::live::question::Question;

/// How questions are asked.
pub(crate) struct Terms<'h> {
    /// Where, when that is not where the catalog says.
    pub(crate) hosts: &'h Hosts,
    /// How long one answer may take.
    pub(crate) each: Duration,
    /// How long all of them may take.
    pub(crate) all: Duration,
    /// How many are asked at once.
    pub(crate) at_once: usize,
    /// How many of them at the same host.
    pub(crate) at_one_host: usize,
    /// What time it is.
    pub(crate) now: Timestamp,
}

impl<'h> Terms<'h> {
    /// 10 seconds for each, a minute for all, four at once, of the same host only one.
    pub(crate) fn new(hosts: &'h Hosts, now: Timestamp) -> Self {
        Self {
            hosts,
            each: Duration::from_secs(10),
            all: Duration::from_secs(60),
            at_once: 4,
            at_one_host: 1,
            now,
        }
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
    let mut errands: Vec<(usize, Errand)> = Vec::new();
    let mut answers: Vec<Option<Answered>> = questions.iter().map(|_| None).collect();
    let mut same_as: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, question) in questions.iter().enumerate() {
        if let Some(earlier) = questions[..number].iter().position(|earlier| question.is_same_as(earlier)) {
            same_as.insert(number, earlier);
            continue;
        }
        match Errand::new(question, terms.hosts) {
            Ok(errand) => errands.push((number, errand)),
            Err(words) => answers[number] = Some(Answered::without(Verdict::NotVerifiable, words)),
        }
    }
    if !errands.is_empty() {
        let total = errands.len();
        progress(0, total);
        let numbers: Vec<usize> = errands.iter().map(|(number, _)| *number).collect();
        let mut done = 0;
        let mut settle = |number: usize, answered: Answered| {
            answers[number] = Some(answered);
            done += 1;
            progress(done, total);
        };
        let late = match ask_all(questions, errands, terms, &mut settle) {
            Ok(()) => "there was no time left to ask",
            Err(why) => why,
        };
        for number in numbers {
            if answers[number].is_none() {
                answers[number] = Some(Answered::without(Verdict::NoAnswer, late.to_owned()));
                done += 1;
                progress(done, total);
            }
        }
    }
    let answer = |number: usize| answers[same_as.get(&number).copied().unwrap_or(number)].clone();
    (0..questions.len()).filter_map(answer).collect()
}

/// # Errors
/// Why nothing could be asked at all, in a sentence.
fn ask_all(
    questions: &[Question<'_>],
    errands: Vec<(usize, Errand)>,
    terms: &Terms<'_>,
    settle: &mut impl FnMut(usize, Answered),
) -> Result<(), &'static str> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| "the network can't be used here")?;
    runtime.block_on(in_turn(questions, errands.into(), terms, settle));
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    Ok(())
}

async fn in_turn(
    questions: &[Question<'_>],
    mut waiting: VecDeque<(usize, Errand)>,
    terms: &Terms<'_>,
    settle: &mut impl FnMut(usize, Answered),
) {
    let end = Instant::now() + terms.all;
    let mut clients = Clients::default();
    let mut busy: BTreeMap<String, usize> = BTreeMap::new();
    let is_free = |busy: &BTreeMap<String, usize>, host: &str| {
        busy.get(host).is_none_or(|count| *count < terms.at_one_host.max(1))
    };
    let mut resting: BTreeMap<String, Answered> = BTreeMap::new();
    let mut running: JoinSet<(usize, String, Answered)> = JoinSet::new();
    loop {
        while running.len() < terms.at_once.max(1) {
            let Some(next) = waiting.iter().position(|(_, errand)| is_free(&busy, &errand.host)) else {
                break;
            };
            let Some((number, errand)) = waiting.remove(next) else { break };
            if let Some(answered) = resting.get(&errand.host) {
                settle(number, answered.clone());
                continue;
            }
            match errand.prepare(&questions[number], &mut clients, terms.now) {
                Ok(requests) => {
                    *busy.entry(errand.host.clone()).or_default() += 1;
                    let (each, now) = (terms.each, terms.now);
                    running.spawn(async move {
                        let answered = errand.run(requests, each, now).await;
                        (number, errand.host, answered)
                    });
                }
                Err(answered) => settle(number, answered),
            }
        }
        match timeout_at(end, running.join_next()).await {
            Ok(Some(Ok((number, host, answered)))) => {
                if let Some(count) = busy.get_mut(&host) {
                    *count -= 1;
                }
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
