//! A blocking socket under `zbus`: no thread, no reactor, and every wait ends at the deadline.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use zbus::connection::socket::{ReadHalf, Socket, Split, WriteHalf};

/// Both directions of one connection.
///
/// What is sent waits in a buffer until somebody is about to wait for an answer, so that a pipeline of calls
/// costs one system call. Only ciphertext and public values pass through here.
#[derive(Debug, Clone)]
pub(super) struct Wire(Arc<Mutex<Ends>>);

#[derive(Debug)]
struct Ends {
    incoming: BufReader<UnixStream>,
    outgoing: Vec<u8>,
    until: Instant,
    allowed: Duration,
}

impl Wire {
    /// Takes over a connected socket, every wait on which ends at `until`.
    pub(super) fn new(stream: UnixStream, until: Instant, allowed: Duration) -> Self {
        let incoming = BufReader::with_capacity(32 * 1024, stream);
        Self(Arc::new(Mutex::new(Ends { incoming, outgoing: Vec::with_capacity(4096), until, allowed })))
    }

    /// From now on, everything together may take this long.
    pub(super) fn allow(&self, time: Duration) {
        let mut ends = self.ends();
        ends.until = Instant::now() + time;
        ends.allowed = time;
    }

    /// The end of every wait, and the time that was allowed until then.
    pub(super) fn deadline(&self) -> (Instant, Duration) {
        let ends = self.ends();
        (ends.until, ends.allowed)
    }

    /// Sends what waits, so that the other side can work while we do something else.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, or whatever the socket says.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.ends().flush()
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ends {
    fn flush(&mut self) -> io::Result<()> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let left = time_left(self.until)?;
        let stream = self.incoming.get_mut();
        stream.set_write_timeout(Some(left))?;
        stream.write_all(&self.outgoing).map_err(name_timeout)?;
        self.outgoing.clear();
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.incoming.buffer().is_empty() {
            self.flush()?;
            let left = time_left(self.until)?;
            self.incoming.get_mut().set_read_timeout(Some(left))?;
            self.incoming.fill_buf().map_err(name_timeout)?;
        }
        self.incoming.read(buffer)
    }
}

/// How long may still be waited, or `TimedOut`.
pub(super) fn time_left(until: Instant) -> io::Result<Duration> {
    match until.checked_duration_since(Instant::now()) {
        Some(left) if !left.is_zero() => Ok(left),
        _ => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// A socket says `WouldBlock` where its time is over.
fn name_timeout(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

impl Socket for Wire {
    type ReadHalf = Self;
    type WriteHalf = Self;

    fn split(self) -> Split<Self, Self> {
        Split::new(self.clone(), self)
    }
}

#[async_trait]
impl ReadHalf for Wire {
    /// Lets the caller look at what has come before it waits for more.
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        if self.ends().incoming.buffer().is_empty() {
            let mut stepped_back = false;
            std::future::poll_fn(|context| {
                if stepped_back {
                    return Poll::Ready(());
                }
                stepped_back = true;
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
        Ok((self.ends().read(buffer)?, Vec::new()))
    }
}

#[async_trait]
impl WriteHalf for Wire {
    async fn sendmsg(&mut self, buffer: &[u8], _fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        self.ends().outgoing.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    async fn close(&mut self) -> io::Result<()> {
        self.ends().incoming.get_ref().shutdown(std::net::Shutdown::Both)
    }
}
