//! A DAILY LOOK at what is due: by whom the system has it done, and when a person was told last.

mod errand;
mod installation;
mod last;
#[cfg_attr(not(target_os = "macos"), allow(dead_code, reason = "every system's tests look at it"))]
mod launchd;
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "every system's tests look at it"))]
mod systemd;
#[cfg_attr(not(windows), allow(dead_code, reason = "every system's tests look at it"))]
mod task_scheduler;

pub(crate) use crate::reminder::errand::Errand;
pub(crate) use crate::reminder::installation::{Installation, InstallationError};
pub(crate) use crate::reminder::last::LastTold;

/// At which hour of the day, by the clock on the wall.
const HOUR: u8 = 10;

/// In a file that we made, and may replace and remove.
const MARK: &str = "made by `mcpcred remind`";
