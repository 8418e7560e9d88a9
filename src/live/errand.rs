//! `Errand`: a question on its way: whom to ask, where, and what the answer will mean.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Request};
use tokio::time::timeout;

use crate::catalog::provider::Provider;
use crate::live::answer::{Answered, Verdict};
use crate::live::call::{self, CallError};
use crate::live::client::{Clients, hear};
use crate::live::hosts::Hosts;
use crate::live::purpose::Purpose;
use crate::live::question::Question;

/// What is left of a question when its turn comes.
pub(super) struct Errand {
    name: String,
    /// Where it begins. One at a time begins there.
    pub(super) host: String,
    pub(super) urls: Vec<String>,
    purpose: Purpose<'static>,
}

impl Errand {
    /// Finds out where to ask.
    ///
    /// # Errors
    /// Why it can't be asked, in a sentence.
    pub(super) fn new(question: &Question<'_>, hosts: &Hosts) -> Result<Self, String> {
        let Provider { id, name, .. } = question.provider;
        let purpose =
            question.purpose.as_ref().map_err(|why| format!("{name} can't be asked: {why}"))?.clone();
        let url = call::address(&purpose.call().url, question);
        let urls = hosts
            .locate(id, &url, purpose.other_hosts())
            .map_err(|base| format!("{name} is asked where you say: `--host {id}={base}`"))?;
        let host = urls.first().and_then(|url| url.split('/').nth(2)).unwrap_or_default();
        let host = host.to_ascii_lowercase();
        Ok(Self { name: name.clone(), host, urls, purpose: purpose.into_owned() })
    }

    /// The requests, ready to be sent. From here on the HTTP library has copies of the token.
    ///
    /// # Errors
    /// The answer, where it can't be asked.
    pub(super) fn prepare(
        &self,
        question: &Question<'_>,
        clients: &mut Clients,
        now: Timestamp,
    ) -> Result<Vec<(Client, Request)>, Answered> {
        let refused =
            |verdict, why: &str| Answered::without(verdict, format!("{} can't be asked: {why}", self.name));
        let mut requests = Vec::with_capacity(self.urls.len());
        for url in &self.urls {
            let request = call::request(self.purpose.call(), url, question, now)
                .map_err(|error| refused(Verdict::NotVerifiable, &self.told(&error)))?;
            let client = clients.for_request(&request).map_err(|why| refused(Verdict::NoAnswer, why))?;
            requests.push((client, request));
        }
        Ok(requests)
    }

    /// What is missing is named as a person knows it: by the variable that may hold it.
    fn told(&self, error: &CallError) -> String {
        let variable = match error {
            CallError::Alone(need) => {
                self.purpose.call().needs.get(need).and_then(|variables| variables.first())
            }
            _ => None,
        };
        variable.map_or_else(|| error.to_string(), |variable| CallError::Alone(variable.clone()).to_string())
    }

    /// Asks at one host after the other, until one of them does not reject the token.
    pub(super) async fn run(
        &self,
        requests: Vec<(Client, Request)>,
        each: Duration,
        now: Timestamp,
    ) -> Answered {
        let mut answered = Answered::without(Verdict::NoAnswer, format!("{} was not asked", self.name));
        for (client, request) in requests {
            answered = self.ask(client, request, each, now).await;
            if answered.verdict != Verdict::Rejected {
                break;
            }
        }
        answered
    }

    async fn ask(&self, client: Client, request: Request, each: Duration, now: Timestamp) -> Answered {
        let words = match timeout(each, hear(client, request, self.purpose.needs_body())).await {
            Ok(Ok(heard)) => return self.purpose.judge(&self.name, &heard, now),
            Ok(Err(why)) => format!("{} did not answer: {why}", self.name),
            Err(_) => format!("{} did not answer within {} s", self.name, each.as_secs_f32()),
        };
        Answered::without(Verdict::NoAnswer, words)
    }
}
