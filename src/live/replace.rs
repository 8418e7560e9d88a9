//! `replace`: a token that its provider exchanges for a new one, after which the former one is dead.

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use tokio::time::timeout;

use crate::catalog::provider::{self, Answer, Provider, TokenShape};
use crate::live::answer::{moment, moment_in, retry_after};
use crate::live::ask::Terms;
use crate::live::call;
use crate::live::client::{Clients, Failed, send};
use crate::live::field;
use crate::live::question::Question;
use crate::secret::Secret;

/// How it ended. The words are one sentence, lower case, without a full stop; nothing of them is the provider's.
#[derive(Debug)]
pub(crate) enum Replaced {
    /// The new token, and when it ends where the answer told. The former one is dead.
    By { token: Secret, expires: Option<Timestamp> },
    /// The provider did nothing: it was not asked, or said no. The former one is as it was.
    Not { words: String, is_dead: bool },
    /// Nobody knows: the provider was asked, and what came back does not tell.
    Unknown { words: String },
}

/// How a token of that shape is replaced with nothing but itself, where its provider can.
pub(crate) fn way_to_replace<'c>(
    provider: &'c Provider,
    shape: Option<&TokenShape>,
) -> Option<&'c provider::Rotate> {
    let rotate = provider.rotate.as_ref()?;
    let takes_all = rotate.shapes.is_empty();
    (takes_all || shape.is_some_and(|shape| rotate.shapes.contains(&shape.id))).then_some(rotate)
}

/// Asks the provider, once, for a new token in the place of this one. It takes as long as [`Terms::each`] allows.
pub(crate) fn replace(
    provider: &Provider,
    rotate: &provider::Rotate,
    token: Secret,
    terms: &Terms<'_>,
) -> Replaced {
    let question = Question::new(provider, None, token);
    let name = &provider.name;
    let not = |why: &str| Replaced::Not { words: format!("{name} can't be asked: {why}"), is_dead: false };
    let url = call::address(&rotate.call.url, &question);
    let url = match terms.hosts.locate(&provider.id, &url, &[]).map(|mut urls| urls.pop()) {
        Ok(Some(url)) => url,
        Ok(None) => return not("the catalog has no address for it"),
        Err(base) => return not(&format!("say where it is with `--host {}={base}`", provider.id)),
    };
    let request = match call::request(&rotate.call, &url, &question, terms.now) {
        Ok(request) => request,
        Err(error) => return not(&error.to_string()),
    };
    let client = match Clients::default().for_request(&request) {
        Ok(client) => client,
        Err(why) => return not(why),
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return not("the network can't be used here");
    };
    let heard = runtime.block_on(async { timeout(terms.each, send(client, request)).await });
    runtime.shutdown_background();
    match heard {
        Err(_) => Replaced::Unknown {
            words: format!("{name} did not answer within {} s", terms.each.as_secs_f32()),
        },
        Ok(Err(Failed { why, was_sent: false })) => not(why),
        Ok(Err(Failed { why, .. })) => Replaced::Unknown { words: format!("{name} did not answer: {why}") },
        Ok(Ok(heard)) => judge(rotate, name, heard.status, &heard.headers, heard.body.as_ref(), terms.now),
    }
}

fn judge(
    rotate: &provider::Rotate,
    name: &str,
    status: u16,
    headers: &HeaderMap,
    body: Option<&Secret>,
    now: Timestamp,
) -> Replaced {
    let not = |words: String| Replaced::Not { words, is_dead: false };
    match status {
        200..=299 => match token(rotate, headers, body) {
            Some(token) => Replaced::By { token, expires: expires(rotate, headers, body) },
            None => Replaced::Unknown {
                words: format!("{name} answered something that holds no new token ({status})"),
            },
        },
        401 => Replaced::Not { words: format!("{name} does not accept it ({status})"), is_dead: true },
        403 => not(match &rotate.scope {
            Some(scope) => format!("{name} does not let it replace itself ({status}): it needs {scope}"),
            None => format!("{name} does not let it replace itself ({status})"),
        }),
        429 => not(match retry_after(headers, now) {
            Some(when) => {
                let when = when.strftime("%Y-%m-%d %H:%M:%S UTC");
                format!("{name} replaces nothing for now ({status}): try again after {when}")
            }
            None => format!("{name} replaces nothing for now ({status})"),
        }),
        300..=399 => not(format!("{name} points elsewhere, where no token is sent ({status})")),
        400..=499 => not(format!("{name} refused to replace it ({status})")),
        _ => Replaced::Unknown { words: format!("{name} is not able to answer ({status})") },
    }
}

fn token(rotate: &provider::Rotate, headers: &HeaderMap, body: Option<&Secret>) -> Option<Secret> {
    let token = match &rotate.token {
        Answer::Header(name) => Secret::copy_of(headers.get(name)?.as_bytes()),
        Answer::Json(pointer) => field::text_at(body?, pointer)?,
    };
    let is_token = |byte: &u8| byte.is_ascii_graphic();
    (!token.is_empty() && token.expose_secret().iter().all(is_token)).then_some(token)
}

fn expires(rotate: &provider::Rotate, headers: &HeaderMap, body: Option<&Secret>) -> Option<Timestamp> {
    match rotate.expiry.as_ref()? {
        Answer::Header(name) => moment(headers.get(name)?.to_str().ok()?),
        Answer::Json(pointer) => {
            let text = field::text_at(body?, pointer)?;
            moment_in(&serde_json::Value::String(text.expose_secret_str().ok()?.to_owned()))
        }
    }
}
