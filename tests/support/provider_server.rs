//! A provider on this machine: a real HTTP server that plays the part it is given, and remembers what it was told.

#![allow(dead_code, reason = "unit tests and journeys play different parts")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// No part goes on for longer, so that no thread outlives its test for long.
const LONGEST: Duration = Duration::from_secs(20);

/// What a server answers with.
#[derive(Clone)]
pub(crate) enum Part {
    /// These bytes, whatever they are; then it closes.
    Says(Vec<u8>),
    /// The same, after a pause.
    SaysAfter(Duration, Vec<u8>),
    /// These bytes, then one more byte at a time, slowly, without an end.
    Drips(Vec<u8>),
    /// These bytes, then the others again and again, as fast as they are taken.
    Floods(Vec<u8>, Vec<u8>),
    /// Nothing: it closes.
    Closes,
    /// Nothing, and it does not close.
    Hangs,
}

/// A whole answer: `answer(200, &[("x-a", "b")], "{}")`.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Part {
    let body = body.as_ref();
    let mut text = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for (name, value) in headers {
        text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(body);
    Part::Says(text)
}

/// What the server was told: a request with its body, as text.
type Told = Arc<Mutex<Vec<String>>>;

/// The server. It ends when it is dropped.
pub(crate) struct ProviderServer {
    address: SocketAddr,
    scheme: &'static str,
    told: Told,
    connections: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl ProviderServer {
    /// Plays the part that the request calls for, over plain HTTP.
    pub(crate) fn start(script: impl Fn(&str) -> Part + Send + Sync + 'static) -> Self {
        Self::serve(script, None)
    }

    /// The same over TLS, with a certificate for this name or address that it signed itself. Also gives the certificate
    /// as PEM.
    pub(crate) fn over_tls(
        name: &str,
        script: impl Fn(&str) -> Part + Send + Sync + 'static,
    ) -> (Self, String) {
        let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let der = own.cert.der().clone();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64(&der));
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], key.into())
            .unwrap();
        (Self::serve(script, Some(Arc::new(config))), pem)
    }

    fn serve(script: impl Fn(&str) -> Part + Send + Sync + 'static, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            scheme: if tls.is_some() { "https" } else { "http" },
            told: Told::default(),
            connections: Arc::default(),
            most_at_once: Arc::default(),
            is_over: Arc::default(),
        };
        let (told, is_over) = (Arc::clone(&server.told), Arc::clone(&server.is_over));
        let (connections, most_at_once) = (Arc::clone(&server.connections), Arc::clone(&server.most_at_once));
        let script = Arc::new(script);
        let at_once = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                connections.fetch_add(1, Ordering::SeqCst);
                let (told, script, tls) = (Arc::clone(&told), Arc::clone(&script), tls.clone());
                let (is_over, at_once) = (Arc::clone(&is_over), Arc::clone(&at_once));
                let most_at_once = Arc::clone(&most_at_once);
                thread::spawn(move || {
                    // Counted until it answers: then the next one may come.
                    let script = |request: &str| {
                        let now = at_once.fetch_add(1, Ordering::SeqCst) + 1;
                        most_at_once.fetch_max(now, Ordering::SeqCst);
                        let part = script(request);
                        at_once.fetch_sub(1, Ordering::SeqCst);
                        part
                    };
                    match tls {
                        None => play(stream, &told, &script, &is_over),
                        Some(tls) => {
                            secured(stream, tls).and_then(|stream| play(stream, &told, &script, &is_over))
                        }
                    }
                });
            }
        });
        server
    }

    /// `http://127.0.0.1:34567`
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Every request that came, with its body.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }

    /// How many connections came, whether or not anything was said.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many requests there were at the same time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }
}

impl Drop for ProviderServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the one that waits for connections.
        _ = TcpStream::connect(self.address);
    }
}

fn secured(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    stream.set_read_timeout(Some(LONGEST))?;
    Ok(StreamOwned::new(ServerConnection::new(config).map_err(io::Error::other)?, stream))
}

fn play<S: Read + Write>(
    stream: S,
    told: &Told,
    script: &dyn Fn(&str) -> Part,
    is_over: &AtomicBool,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let request = request(&mut reader)?;
    let part = script(&request);
    told.lock().unwrap().push(request);
    let stream = reader.get_mut();
    let end = Instant::now() + LONGEST;
    let goes_on = || !is_over.load(Ordering::SeqCst) && Instant::now() < end;
    match part {
        Part::Says(bytes) => stream.write_all(&bytes)?,
        Part::SaysAfter(pause, bytes) => {
            thread::sleep(pause);
            stream.write_all(&bytes)?;
        }
        Part::Drips(bytes) => {
            stream.write_all(&bytes)?;
            while goes_on() {
                stream.write_all(b"a")?;
                stream.flush()?;
                thread::sleep(Duration::from_millis(20));
            }
        }
        Part::Floods(bytes, more) => {
            stream.write_all(&bytes)?;
            while goes_on() {
                stream.write_all(&more)?;
            }
        }
        Part::Closes => {}
        Part::Hangs => {
            while goes_on() {
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
    stream.flush()
}

fn request(reader: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    let mut length = 0;
    loop {
        let start = text.len();
        if reader.read_line(&mut text)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = text[start..].trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(text + &String::from_utf8_lossy(&body))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
