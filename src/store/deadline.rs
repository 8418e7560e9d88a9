//! A deadline around a call that may never come back.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a store may take when nobody is asked.
pub(crate) const QUIET: Duration = Duration::from_secs(5);

/// How long a store may take when it asks a person.
pub(crate) const ASKING: Duration = Duration::from_secs(60);

/// Runs `work` on a thread of its own and waits for at most `deadline`. A thread that does not come back is
/// left behind: the process is about to end, and nothing can stop a blocked system call.
///
/// `None` where there was no answer in time.
pub(crate) fn within<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        // Nobody listens after the deadline.
        _ = sender.send(work());
    });
    receiver.recv_timeout(deadline).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_time_is_passed_on() {
        assert_eq!(within(QUIET, || 7), Some(7));
    }

    #[test]
    fn a_call_that_never_ends_is_given_up() {
        let start = std::time::Instant::now();
        assert_eq!(within(Duration::from_millis(50), || thread::sleep(QUIET)), None);
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}
