//! The Task Scheduler of Windows does it.

use std::process::{Command, Stdio};

use crate::support::Sandbox;

/// Whether the scheduler had a task of that name, which is gone now.
fn is_taken_away() -> bool {
    Command::new("schtasks")
        .args(["/Delete", "/F", "/TN", r"\mcpcred\remind"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

#[test]
#[ignore = "takes the place of a task that the person who tests may have; started by CI"]
fn the_task_is_one_that_the_scheduler_takes_and_goes_as_it_came() {
    let sandbox = Sandbox::new();
    is_taken_away();
    for _ in 0..2 {
        sandbox
            .run(["remind", "--install", "--profile", "work"])
            .succeeds()
            .says("each day at 10 by task-scheduler");
    }
    assert!(is_taken_away(), "it is registered");
    sandbox.run(["remind", "--install"]).succeeds();
    sandbox.run(["remind", "--uninstall"]).succeeds().says("Nobody is reminded any more");
    assert!(!is_taken_away(), "it is not registered any more");
    assert!(!sandbox.data().join("remind.xml").exists());
}
