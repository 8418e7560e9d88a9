//! A person removes what is no longer needed.

use crate::support::{CANARY, Sandbox};

#[test]
fn without_a_terminal_nothing_is_deleted_unless_told() {
    let sandbox = Sandbox::new().with("A");
    sandbox.run(["delete", "A", "--no-prompt"]).exits(5).says("--yes");
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    sandbox.run(["delete", "A", "--yes"]).succeeds().says("Deleted `A`");
    sandbox.run(["get", "A"]).exits(3);
    sandbox.feed(["add", "A", "--stdin"], b"again").succeeds();
    sandbox.run(["get", "A"]).succeeds().prints("again");
}

#[test]
fn one_name_that_is_not_there_stops_all_of_them_unless_told() {
    let sandbox = Sandbox::new().with("A").with("B");
    sandbox.run(["delete", "A", "NOPE", "--yes"]).exits(3);
    sandbox.run(["get", "A"]).succeeds().prints(CANARY);
    sandbox.run(["delete", "A", "NOPE", "b", "B", "--yes", "--if-exists"]).succeeds();
    sandbox.run(["delete", "A", "--yes", "--if-exists"]).succeeds().says("Nothing to delete");
    sandbox.run(["list"]).succeeds().prints("");
}

#[test]
fn the_former_value_goes_with_it() {
    let sandbox = Sandbox::new().with("A");
    sandbox.feed(["rotate", "A", "--stdin", "--keep-previous", "7d"], b"second").succeeds();
    sandbox.run(["delete", "A", "--yes"]).succeeds();
    sandbox.feed(["add", "A", "--stdin"], b"third").succeeds();
    sandbox.run(["get", "A", "--previous"]).exits(3);
}
