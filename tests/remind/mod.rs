//! A person is told once a day what should be replaced, and has that done by the system.

#[cfg(target_os = "linux")]
mod systemd;
#[cfg(windows)]
mod task_scheduler;
