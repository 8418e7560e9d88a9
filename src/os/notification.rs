//! A notification on the desktop.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

/// How long the desktop may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shows it, and says whether the desktop took it. Neither text holds markup of its own.
pub(crate) fn show(title: &str, body: &str) -> bool {
    let (title, body) = (title.to_owned(), body.to_owned());
    let (sender, receiver) = sync_channel(1);
    // A desktop that hangs must not keep a timer's program for ever.
    thread::spawn(move || _ = sender.send(deliver(&title, &body)));
    receiver.recv_timeout(PATIENCE).unwrap_or(false)
}

/// To the notification server of the session, as freedesktop.org has it.
#[cfg(target_os = "linux")]
fn deliver(title: &str, body: &str) -> bool {
    use std::collections::HashMap;

    use zbus::zvariant::Value;

    let Ok(session) = zbus::blocking::Connection::session() else { return false };
    let hints: HashMap<&str, Value<'_>> = HashMap::new();
    let actions: Vec<&str> = Vec::new();
    // The last one leaves the time to the desktop.
    let message = ("mcpcred", 0_u32, "dialog-password", title, body, actions, hints, -1_i32);
    let name = "org.freedesktop.Notifications";
    session.call_method(Some(name), "/org/freedesktop/Notifications", Some(name), "Notify", &message).is_ok()
}

/// Both texts are arguments of the script, not part of it.
#[cfg(target_os = "macos")]
fn deliver(title: &str, body: &str) -> bool {
    let script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run";
    crate::os::process::errand_boy::run_quietly("/usr/bin/osascript", &["-e", script, title, body], PATIENCE)
}

/// Both texts are variables of the script, not part of it. It shows them under PowerShell's own name, since a program
/// without an entry in the Start menu has none.
#[cfg(windows)]
fn deliver(title: &str, body: &str) -> bool {
    let script = "\
        $manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]; \
        $toast = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02); \
        $texts = $toast.GetElementsByTagName('text'); \
        $null = $texts.Item(0).AppendChild($toast.CreateTextNode($env:MCPCRED_TITLE)); \
        $null = $texts.Item(1).AppendChild($toast.CreateTextNode($env:MCPCRED_BODY)); \
        $id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'; \
        $manager::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($toast))";
    let mut command = std::process::Command::new("powershell");
    command.args(["-NoProfile", "-NonInteractive", "-Command", script]);
    command.env("MCPCRED_TITLE", title).env("MCPCRED_BODY", body);
    crate::os::process::errand_boy::run(command, PATIENCE)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn deliver(_title: &str, _body: &str) -> bool {
    false
}
