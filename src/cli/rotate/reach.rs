//! Who still holds the former value: servers that were started with it, and what their clients need to start them anew.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::catalog::client::FieldKind;
use crate::check::wrapper::{Wrapper, asked_for_headers};
use crate::children::{Child, end};
use crate::cli::rotate::document::Client;
use crate::cli::rotate::job::Job;
use crate::configuration::discover::{Request, discover};
use crate::configuration::entry::ServerEntry;
use crate::configuration::places::Places;
use crate::document::Text;
use crate::reference;

/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// Programs that start again what ends below them.
const SUPERVISORS: &[&str] = &[
    "systemd",
    "launchd",
    "supervisord",
    "runsv",
    "s6-supervise",
    "daemontools",
    "monit",
    "pm2",
    "services.exe",
    "nssm.exe",
];

impl Job<'_> {
    /// Tells which programs hold the former value, which clients start servers with this credential, and how each of
    /// them starts them anew. A configuration that can't be read is `check`'s business.
    pub(super) fn tell_reach(&self) {
        self.restart();
        if self.app.ui.quiet && !self.request.json {
            return;
        }
        let users = self.users();
        for Client { name, servers, restart } in &users {
            let names = servers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.app.ui.say(&format!(
                "{name} starts {names} with it; servers that run keep the former value: {restart}"
            ));
        }
        self.row.borrow_mut().is_used_by(users);
    }

    /// Of the programs that run, those that a supervisor starts again are ended, where that was asked for. None of
    /// them can be told of the new value.
    fn restart(&self) {
        let profile = self.app.credentials.profile();
        let mut children = self.app.children().list().unwrap_or_default();
        children.retain(|child| child.holds(profile, &self.name));
        let (supervised, others): (Vec<Child>, Vec<Child>) =
            children.into_iter().partition(|child| self.request.restart && is_supervised(child));
        for (child, ended) in supervised.iter().zip(end(&supervised, GRACE)) {
            let who = shown(child);
            self.row.borrow_mut().is_held_by(child, ended.is_over());
            if ended.is_over() {
                self.app.ui.say(&format!("Ended {who}, for its supervisor to start it with the new value"));
            } else {
                self.app.ui.warn(&format!("{who} holds the former value, and did not end"));
            }
        }
        for child in &others {
            self.row.borrow_mut().is_held_by(child, false);
            self.app.ui.say(&format!("{} holds the former value until it is started anew", shown(child)));
        }
    }

    fn users(&self) -> Vec<Client> {
        let Ok(catalog) = self.catalog() else { return Vec::new() };
        let places = Places::of(self.app.environment);
        let Ok(discovery) = discover(&catalog.clients, &places, Request { clients: &[], files: &[] }) else {
            return Vec::new();
        };
        let mut servers: BTreeMap<(&str, Option<&str>), Vec<String>> = BTreeMap::new();
        let entries = discovery.entries();
        for entry in entries.iter().flatten() {
            if entry.enabled && entry.here && !entry.shadowed && self.is_used_by(entry) {
                let of_client =
                    servers.entry((&entry.client.name, entry.client.reload.as_deref())).or_default();
                let name = entry.name.clone();
                if !of_client.contains(&name) {
                    of_client.push(name);
                }
            }
        }
        servers
            .into_iter()
            .map(|((client, reload), servers)| Client {
                name: client.to_owned(),
                servers,
                restart: reload.unwrap_or("start it anew").to_owned(),
            })
            .collect()
    }

    /// Whether the entry gives this credential to its server: through our own commands, or as a variable.
    fn is_used_by(&self, entry: &ServerEntry<'_>) -> bool {
        let is_it = |name: &str| name.eq_ignore_ascii_case(self.name.as_str());
        let arguments = entry.arguments().map(Text::expose);
        let wrapper = entry.command().and_then(|command| Wrapper::read(command.expose(), arguments));
        if let Some(wrapper) = wrapper {
            let project = || self.app.settings.project_credentials.as_ref();
            return wrapper.all
                || wrapper.assignments.iter().any(|(_, name)| is_it(name))
                || wrapper.server.is_some() && wrapper.server == self.entry.facts.server
                || wrapper.by_project
                    && project().is_some_and(|names| names.value.iter().any(|name| is_it(name.as_str())));
        }
        let by_name = entry.all_named().any(|named| is_it(&named.variable));
        let in_text = |text: Text<'_>| {
            reference::find_any(text.expose()).iter().any(|it| it.is_variable() && is_it(&it.name))
        };
        let in_line = |line: Text<'_>| {
            asked_for_headers(line.expose()).is_some_and(|asked| asked.names.iter().any(|name| is_it(name)))
        };
        let mut lines = entry.all_fields().filter(|field| field.kind == FieldKind::Helper);
        let is_asked = lines.any(|field| field.value.text().is_some_and(in_line));
        by_name || is_asked || entry.all_fields().filter_map(|field| field.value.text()).any(in_text)
    }
}

fn is_supervised(child: &Child) -> bool {
    let by = child.started_by.as_deref().unwrap_or_default();
    child.is_here && SUPERVISORS.iter().any(|supervisor| by.eq_ignore_ascii_case(supervisor))
}

/// `node` (process 123, started by `claude`)
fn shown(child: &Child) -> String {
    let pid = child.identity.pid;
    let by = child.started_by.as_ref().map(|by| format!(", started by `{by}`")).unwrap_or_default();
    let place = if child.is_here { String::new() } else { format!(" on {}", child.machine()) };
    format!("`{}` (process {pid}{place}{by})", child.program)
}
