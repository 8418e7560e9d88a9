//! `CaughtSignals`: signals that would leave the terminal without echo, held back until it is mended.
#![expect(unsafe_code, reason = "`sigaction` has no safe form that puts the earlier handler back")]

use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// The last signal that came, 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);

/// Those that end or stop a process from outside, and the one that wakes it again.
const SIGNALS: [Signal; 6] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGCONT];

/// Notes signals instead of obeying them, for as long as it lives; then everything is as before.
pub(super) struct CaughtSignals {
    earlier: Vec<(Signal, SigAction)>,
}

extern "C" fn note(signal: i32) {
    CAUGHT.store(signal, Ordering::SeqCst);
}

impl CaughtSignals {
    /// Starts to note signals. One that the process was started to ignore, as `nohup` does, stays ignored.
    pub(super) fn new() -> Self {
        CAUGHT.store(0, Ordering::SeqCst);
        let action = SigAction::new(SigHandler::Handler(note), SaFlags::empty(), SigSet::empty());
        let mut earlier = Vec::with_capacity(SIGNALS.len());
        for signal in SIGNALS {
            // SAFETY: the handler only writes an atomic, which is safe in a signal handler.
            let Ok(previous) = (unsafe { sigaction(signal, &action) }) else { continue };
            if matches!(previous.handler(), SigHandler::SigIgn) {
                // SAFETY: puts back what was there a moment ago.
                _ = unsafe { sigaction(signal, &previous) };
            } else {
                earlier.push((signal, previous));
            }
        }
        Self { earlier }
    }

    /// The signal that came since the last call.
    pub(super) fn take(&self) -> Option<Signal> {
        Signal::try_from(CAUGHT.swap(0, Ordering::SeqCst)).ok()
    }
}

impl Drop for CaughtSignals {
    fn drop(&mut self) {
        for (signal, previous) in &self.earlier {
            // SAFETY: puts back the handler that was installed before ours.
            _ = unsafe { sigaction(*signal, previous) };
        }
    }
}
