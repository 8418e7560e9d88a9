//! `Clients`: what sends requests, and as little as possible of what comes back.

use std::error::Error;
use std::io;

use reqwest::header::HeaderMap;
use reqwest::{Client, Request, Response, redirect, retry};
use zeroize::Zeroizing;

use crate::live::answer::Heard;
use crate::live::hosts::is_loopback;
use crate::secret::{Secret, SecretBuffer};

/// How much of an answer is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Two of them: one for the world, over TLS and through the proxy that the environment names, and one for this machine,
/// which no proxy comes between. Each is made when it is needed.
#[derive(Default)]
pub(super) struct Clients {
    world: Option<Client>,
    machine: Option<Client>,
}

impl Clients {
    /// The one for this request.
    ///
    /// # Errors
    /// Where there is no way to a secure connection, in a sentence.
    pub(super) fn for_request(&mut self, request: &Request) -> Result<Client, &'static str> {
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

/// Sends the request, and listens for as long as somebody lets it.
///
/// # Errors
/// What went wrong, in half a sentence of our own: the library's may have the whole address in them.
pub(super) async fn hear(client: Client, request: Request, needs_body: bool) -> Result<Heard, &'static str> {
    let mut response = client.execute(request).await.map_err(|error| reason(&error))?;
    let body = if needs_body { read(&mut response).await } else { None };
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

/// What came back, all of it: the body is a secret.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// `None` where it is too long, or stopped.
    pub(super) body: Option<Secret>,
}

/// Why nothing came back.
pub(super) struct Failed {
    /// In half a sentence of our own.
    pub(super) why: &'static str,
    /// Whether somebody may have heard the request.
    pub(super) was_sent: bool,
}

/// As [`hear`], for an answer that holds a secret. The library's own copies of it are not wiped.
///
/// # Errors
/// [`Failed`]
pub(super) async fn send(client: Client, request: Request) -> Result<Told, Failed> {
    let failed = |error: reqwest::Error| Failed { why: reason(&error), was_sent: !error.is_connect() };
    let mut response = client.execute(request).await.map_err(failed)?;
    let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
    let mut body = SecretBuffer::with_capacity(4096);
    let mut length = 0;
    let body = loop {
        match response.chunk().await {
            Ok(Some(piece)) => {
                length += piece.len();
                if length > MAX_BODY {
                    break None;
                }
                body.push(&piece);
            }
            Ok(None) => break Some(body.into_secret()),
            Err(_) => break None,
        }
    };
    Ok(Told { status, headers, body })
}

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
