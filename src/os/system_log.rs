//! The log of the system: syslog's socket, and that of systemd's journal.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// Where syslog listens: on Linux, on macOS.
const SYSLOG: [&str; 2] = ["/dev/log", "/var/run/syslog"];

const JOURNAL: &str = "/run/systemd/journal/socket";

/// Security messages of the private facility, for information (RFC 5424, section 6.2.1: 10 * 8 + 6).
const PRIORITY: u8 = 86;

/// Hands one message of one line to syslog, where it usually listens or at that socket.
///
/// # Errors
/// Where nobody listens, or the message is too long for the socket.
pub(crate) fn syslog(message: &str, at: Option<&Path>) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    let places = at.map_or_else(|| SYSLOG.map(Path::new).to_vec(), |path| vec![path]);
    let mut outcome = Err(io::ErrorKind::NotFound.into());
    for path in places {
        outcome = socket.send_to(format!("<{PRIORITY}>mcpcred: {message}").as_bytes(), path).map(drop);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Hands a message with its fields to the journal, in its native protocol, where it usually listens or at that socket.
///
/// # Errors
/// Where there is no journal, or the message is too long for the socket.
pub(crate) fn journald(message: &str, fields: &[(&str, String)], at: Option<&Path>) -> io::Result<()> {
    let path = at.unwrap_or(Path::new(JOURNAL));
    UnixDatagram::unbound()?.send_to(&datagram(message, fields), path).map(drop)
}

/// `NAME=value` lines; a value with a newline has its length before it.
fn datagram(message: &str, fields: &[(&str, String)]) -> Vec<u8> {
    let own = [("SYSLOG_IDENTIFIER", "mcpcred"), ("PRIORITY", "6"), ("MESSAGE", message)];
    let all = own.into_iter().chain(fields.iter().map(|(name, value)| (*name, value.as_str())));
    let mut bytes = Vec::new();
    for (name, value) in all {
        bytes.extend_from_slice(name.as_bytes());
        if value.contains('\n') {
            bytes.push(b'\n');
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        } else {
            bytes.push(b'=');
        }
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_newline_tells_its_length() {
        let text = datagram("one", &[("FIELD", "a\nb".to_owned())]);
        let expected = [
            &b"SYSLOG_IDENTIFIER=mcpcred\nPRIORITY=6\nMESSAGE=one\nFIELD\n"[..],
            &3_u64.to_le_bytes(),
            b"a\nb\n",
        ];
        assert_eq!(text, expected.concat());
    }
}
