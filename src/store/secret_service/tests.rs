//! The Secret Service with real parts: a bus, GNOME Keyring, `secret-tool`.

use super::*;
use crate::store::conformance;

#[expect(clippy::disallowed_methods, reason = "the keyring around the test is named in the environment")]
fn around_us() -> Surroundings {
    Surroundings { session_bus: std::env::var("DBUS_SESSION_BUS_ADDRESS").ok(), ..Surroundings::default() }
}

#[test]
#[ignore = "needs a session bus with an unlocked keyring that may be written to"]
fn it_keeps_what_a_store_promises() {
    conformance::check(&SecretService::new(around_us(), Patience::QUIET));
}
