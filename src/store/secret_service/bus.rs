//! The session bus: how to reach it, and calls in pipelines, each under one deadline.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::{Duration, Instant};

use futures_core::Stream;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::address::transport::{Transport, UnixSocket};
use zbus::message::Message;
use zbus::zvariant::{DynamicType, OwnedObjectPath, Type};
use zbus::{Address, Connection, Executor, MatchRule, MessageStream};

use crate::store::secret_service::wire::{Wire, time_left};
use crate::store::{StoreError, StoreKind, Surroundings};

const KIND: StoreKind = StoreKind::SecretService;

/// A connection to the bus.
#[derive(Debug)]
pub(super) struct Bus {
    connection: Connection,
    wire: Wire,
}

/// A call that is on its way.
pub(super) type Pending = Pin<Box<dyn Future<Output = zbus::Result<Message>>>>;

impl Bus {
    /// Connects to the first bus that answers, within `patience`, which is also the time that all calls over
    /// this connection have together, up to the first question to a person.
    ///
    /// # Errors
    /// [`StoreError::Absent`] where there is no bus, [`StoreError::TimedOut`] where one says nothing.
    pub(super) fn connect(surroundings: &Surroundings, patience: Duration) -> Result<Self, StoreError> {
        let until = Instant::now() + patience;
        let mut reason = "there is no session bus (`DBUS_SESSION_BUS_ADDRESS` is not set)".to_owned();
        for candidate in candidates(surroundings) {
            match open(&candidate, until) {
                Ok(stream) => {
                    let (connection, wire) = greet(stream, until, patience)?;
                    return Ok(Self { connection, wire });
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(timed_out(patience)),
                Err(error) => reason = format!("the session bus cannot be reached: {error}"),
            }
        }
        Err(absent(reason))
    }

    /// Prepares a call to the provider of the Secret Service; [`Bus::replies`] sends it.
    pub(super) fn call(
        &self,
        path: &OwnedObjectPath,
        interface: &'static str,
        method: &'static str,
        body: impl Serialize + DynamicType + 'static,
    ) -> Pending {
        self.call_to("org.freedesktop.secrets", path, interface, method, body)
    }

    /// Prepares a call to the bus itself.
    pub(super) fn call_bus(
        &self,
        method: &'static str,
        body: impl Serialize + DynamicType + 'static,
    ) -> Pending {
        let connection = self.connection.clone();
        let name = "org.freedesktop.DBus";
        Box::pin(async move {
            connection.call_method(Some(name), "/org/freedesktop/DBus", Some(name), method, &body).await
        })
    }

    fn call_to(
        &self,
        destination: &'static str,
        path: &OwnedObjectPath,
        interface: &'static str,
        method: &'static str,
        body: impl Serialize + DynamicType + 'static,
    ) -> Pending {
        let connection = self.connection.clone();
        let path = path.clone();
        Box::pin(async move {
            connection.call_method(Some(destination), &path, Some(interface), method, &body).await
        })
    }

    /// Sends the calls now and returns without waiting for their answers.
    ///
    /// # Errors
    /// Where the bus takes nothing.
    pub(super) fn start(&self, calls: &mut [Pending]) -> Result<(), StoreError> {
        for call in calls {
            // The answer cannot be there yet: nothing has been sent before the flush.
            _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        self.wire.flush().map_err(|error| self.fault(&error.into()))
    }

    /// Sends the calls in one go and waits for all answers, in their order.
    ///
    /// # Errors
    /// [`StoreError::TimedOut`] at the deadline. A call that failed is an answer.
    pub(super) fn replies(&self, mut calls: Vec<Pending>) -> Result<Vec<zbus::Result<Message>>, StoreError> {
        let mut answers: Vec<_> = calls.iter().map(|_| None).collect();
        let all = poll_fn(|context| {
            for (call, answer) in calls.iter_mut().zip(&mut answers) {
                if answer.is_none()
                    && let Poll::Ready(reply) = call.as_mut().poll(context)
                {
                    *answer = Some(reply);
                }
            }
            if answers.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
        });
        self.drive(all)?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// Sends one call and waits for its answer.
    ///
    /// # Errors
    /// Where it failed, or at the deadline.
    pub(super) fn reply(&self, call: Pending) -> Result<Message, StoreError> {
        self.drive(call)?.map_err(|error| self.fault(&error))
    }

    /// Makes `call` and waits for the signal that a person's answer leads to, for as long as `person` has. What
    /// comes after it has the time that was allowed before.
    ///
    /// # Errors
    /// Where the call failed, the connection broke, or at the deadline.
    pub(super) fn reply_signal(
        &self,
        rule: MatchRule<'_>,
        call: Pending,
        person: Duration,
    ) -> Result<Message, StoreError> {
        let (_, machine) = self.wire.deadline();
        self.wire.allow(person);
        let signal = self.drive(async {
            let mut signals = MessageStream::for_match_rule(rule, &self.connection, None).await?;
            call.await?;
            poll_fn(|context| Pin::new(&mut signals).poll_next(context))
                .await
                .unwrap_or_else(|| Err(io::Error::from(io::ErrorKind::BrokenPipe).into()))
        })?;
        let signal = signal.map_err(|error| self.fault(&error));
        self.wire.allow(machine);
        signal
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// Where it has another shape.
    pub(super) fn read<T: DeserializeOwned + Type>(&self, answer: &Message) -> Result<T, StoreError> {
        answer.body().deserialize().map_err(|_| failed("it sent an answer that makes no sense"))
    }

    /// What a failed call means.
    pub(super) fn fault(&self, error: &zbus::Error) -> StoreError {
        fault(error, self.wire.deadline().1)
    }

    fn drive<T>(&self, future: impl Future<Output = T>) -> Result<T, StoreError> {
        drive(Some(self.connection.executor()), &self.wire, future)
            .map_err(|_| timed_out(self.wire.deadline().1))
    }
}

fn greet(stream: UnixStream, until: Instant, patience: Duration) -> Result<(Connection, Wire), StoreError> {
    let wire = Wire::new(stream, until, patience);
    let building = zbus::connection::Builder::socket(wire.clone()).internal_executor(false).build();
    match drive(None, &wire, building) {
        Ok(Ok(connection)) => Ok((connection, wire)),
        Ok(Err(zbus::Error::Handshake(reason))) => {
            Err(absent(format!("the session bus refused us: {reason}")))
        }
        Ok(Err(error)) => Err(fault(&error, patience)),
        Err(_) => Err(timed_out(patience)),
    }
}

/// Where the bus may be, the given address first.
fn candidates(surroundings: &Surroundings) -> Vec<UnixSocket> {
    let given = surroundings.session_bus.iter().flat_map(|list| list.split(';'));
    let sockets = given.filter_map(|one| match one.parse::<Address>().ok()?.transport() {
        Transport::Unix(unix) => Some(unix.path().clone()),
        // A session bus over TCP or through a program: nobody has one.
        _ => None,
    });
    let usual = surroundings.runtime_folder.iter().map(|folder| UnixSocket::File(folder.join("bus")));
    sockets.chain(usual).collect()
}

/// Connects without waiting: the system would let us wait for ever on a bus that has stopped accepting.
fn open(socket: &UnixSocket, until: Instant) -> io::Result<UnixStream> {
    let address = match socket {
        UnixSocket::File(path) => SocketAddrUnix::new(path)?,
        UnixSocket::Abstract(name) => SocketAddrUnix::new_abstract_name(name.as_encoded_bytes())?,
        _ => return Err(io::ErrorKind::Unsupported.into()),
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let descriptor: OwnedFd = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    while let Err(error) = connect(&descriptor, &address) {
        if error != rustix::io::Errno::AGAIN {
            return Err(error.into());
        }
        time_left(until)?;
        sleep(Duration::from_millis(5));
    }
    let stream = UnixStream::from(descriptor);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Runs `future` on this thread. Whatever waits is [`Wire`], which blocks; so where neither the future nor a
/// task of the connection goes on, only the clock can end it.
fn drive<T>(executor: Option<&Executor<'_>>, wire: &Wire, future: impl Future<Output = T>) -> io::Result<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Ok(value);
        }
        time_left(wire.deadline().0)?;
        if let Some(executor) = executor {
            _ = pin!(executor.tick()).poll(&mut context);
        }
    }
}

fn absent(reason: String) -> StoreError {
    StoreError::Absent { store: KIND, reason }
}

fn timed_out(after: Duration) -> StoreError {
    StoreError::TimedOut { store: KIND, after }
}

/// What an error of the bus means: a pure function, so that it is tested without a bus.
///
/// The names are those of the D-Bus specification ("Standard Errors") and of the Secret Service ("Errors").
pub(super) fn fault(error: &zbus::Error, after: Duration) -> StoreError {
    match error {
        zbus::Error::InputOutput(cause) if cause.kind() == io::ErrorKind::TimedOut => timed_out(after),
        zbus::Error::MethodError(name, detail, _) => match name.as_str() {
            "org.freedesktop.DBus.Error.ServiceUnknown"
            | "org.freedesktop.DBus.Error.NameHasNoOwner"
            | "org.freedesktop.DBus.Error.UnknownObject"
            | "org.freedesktop.DBus.Error.UnknownInterface" => {
                absent("no program on this session bus provides it".to_owned())
            }
            name if name.starts_with("org.freedesktop.DBus.Error.Spawn.") => absent(format!(
                "the program that provides it does not start: {}",
                said(detail.as_ref(), name)
            )),
            "org.freedesktop.Secret.Error.IsLocked" => StoreError::Locked { store: KIND },
            "org.freedesktop.DBus.Error.AccessDenied" => StoreError::Denied { store: KIND },
            "org.freedesktop.DBus.Error.NoReply" => failed("the program that provides it ended in mid-call"),
            "org.freedesktop.DBus.Error.Timeout" | "org.freedesktop.DBus.Error.TimedOut" => timed_out(after),
            name => failed(&said(detail.as_ref(), name)),
        },
        zbus::Error::InputOutput(cause) => {
            failed(&format!("the connection to the session bus broke: {cause}"))
        }
        other => failed(&other.to_string()),
    }
}

fn said(detail: Option<&String>, name: &str) -> String {
    detail.cloned().unwrap_or_else(|| name.to_owned())
}

fn failed(what: &str) -> StoreError {
    StoreError::Failed { store: KIND, source: what.into() }
}
