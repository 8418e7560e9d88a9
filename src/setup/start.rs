//! `Start`: the command that starts a server of the catalog, and the credentials that it needs then.

use crate::catalog::Catalog;
use crate::catalog::server::{Alternative, Requirement, Server, Transport};

/// What is started.
#[derive(Debug)]
pub(crate) struct Start<'c> {
    /// The program and its arguments.
    pub(crate) words: Vec<String>,
    /// What it needs, the way of giving it that fits best: the one of which most is stored.
    pub(crate) needs: Vec<&'c Requirement>,
    /// Whether it starts without them as well, and does less.
    pub(crate) is_optional: bool,
    /// What does instead of credentials, where that is so: `a login in the browser (OAuth)`.
    pub(crate) instead: Option<&'c str>,
}

/// Why the catalog does not tell.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoStart {
    /// A word of the command is the person's to say.
    #[error("the command of `{server}` has a word that only you know: `{word}`")]
    Open { server: String, word: String, command: String },
    /// It knows credentials, and no program that takes them.
    #[error("the catalog knows no command that starts `{server}`")]
    Unknown { server: String },
}

impl<'c> Start<'c> {
    /// By the command that the person gave, or by the first of those that the catalog knows whose program is here;
    /// where none is, by the first of all. `is_stored` tells whether a credential is kept already.
    ///
    /// # Errors
    /// [`NoStart`]
    pub(crate) fn of(
        catalog: &'c Catalog,
        server: &'c Server,
        given: &[String],
        is_here: &dyn Fn(&str) -> bool,
        is_stored: &dyn Fn(&Requirement) -> bool,
    ) -> Result<Self, NoStart> {
        let words = if given.is_empty() { known(server, is_here)? } else { given.to_vec() };
        let alternatives = alternatives(catalog, server, &words);
        let count = |alternative: &&Alternative| {
            let needed = || alternative.needed();
            let missing = needed().filter(|requirement| !is_stored(requirement)).count();
            (missing, alternative.credentials.is_empty())
        };
        let with_credentials = || alternatives.iter().copied().filter(|it| !it.credentials.is_empty());
        let chosen = with_credentials().min_by_key(count);
        let needs: Vec<&Requirement> = chosen.into_iter().flat_map(Alternative::needed).collect();
        let instead = alternatives.iter().find_map(|alternative| alternative.instead.as_deref());
        let is_optional = chosen.is_some_and(|alternative| alternative.optional);
        let mut start = Self { words, needs, is_optional, instead };
        if given.is_empty()
            && start.words.first().is_some_and(|word| word == BRIDGE[0])
            && is_bridge(&start.words)
        {
            start.add_headers();
        }
        Ok(start)
    }

    /// The headers of a remote server, as `mcp-remote` takes them: it looks the names up itself, so that no value is
    /// in an argument.
    fn add_headers(&mut self) {
        for requirement in &self.needs {
            if let Some(header) = &requirement.header {
                let value = header.value.replace("{token}", &format!("${{{}}}", requirement.name));
                self.words.extend(["--header".to_owned(), format!("{}:{value}", header.name)]);
            }
        }
    }
}

/// What leads a client that starts programs to a remote server.
const BRIDGE: [&str; 3] = ["npx", "-y", "mcp-remote"];

fn is_bridge(words: &[String]) -> bool {
    words.iter().map(String::as_str).take(BRIDGE.len()).eq(BRIDGE)
}

/// A command of the catalog.
fn known(server: &Server, is_here: &dyn Fn(&str) -> bool) -> Result<Vec<String>, NoStart> {
    let mut commands = server.start_commands();
    if commands.is_empty()
        && let Some(url) = &server.url
    {
        commands.push([&BRIDGE.join(" "), url.as_str()].join(" "));
    }
    let split = |command: &String| command.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let is_usable = |command: &&String| command.split(' ').next().is_some_and(is_here);
    let Some(command) = commands.iter().find(is_usable).or_else(|| commands.first()) else {
        return Err(NoStart::Unknown { server: server.id.clone() });
    };
    let words = split(command);
    let is_open =
        |word: &&String| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    // What follows `-e` is a variable.
    let named = |at: usize| at > 0 && words[at - 1] == "-e";
    let open = words.iter().enumerate().find(|(at, word)| is_open(word) && !named(*at));
    match open {
        Some((_, word)) => {
            Err(NoStart::Open { server: server.id.clone(), word: word.clone(), command: command.clone() })
        }
        None => Ok(words),
    }
}

/// The ways of giving the server what it needs in this form.
fn alternatives<'c>(catalog: &'c Catalog, server: &'c Server, words: &[String]) -> Vec<&'c Alternative> {
    let (program, arguments) =
        words.split_first().map_or((None, &[][..]), |(first, rest)| (Some(first), rest));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match catalog.recognise(program.map(String::as_str), &arguments, None) {
        Some(recognised) if recognised.server.id == server.id => recognised.alternatives().collect(),
        _ => server.alternatives_for(Transport::Local, None).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        Catalog::load(std::path::Path::new("/nowhere")).unwrap()
    }

    fn start<'c>(
        catalog: &'c Catalog,
        id: &str,
        here: &[&str],
        stored: &[&str],
    ) -> Result<Start<'c>, NoStart> {
        let server = catalog.server(id).unwrap();
        Start::of(catalog, server, &[], &|program| here.contains(&program), &|it| {
            it.names().any(|name| stored.contains(&name))
        })
    }

    fn names(start: &Start<'_>) -> Vec<String> {
        start.needs.iter().map(|requirement| requirement.name.clone()).collect()
    }

    #[test]
    fn what_is_here_starts_it() {
        let catalog = catalog();
        let docker = start(&catalog, "github", &["docker", "npx"], &[]).unwrap();
        assert_eq!(
            docker.words.join(" "),
            "docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server"
        );
        assert_eq!(names(&docker), ["GITHUB_PERSONAL_ACCESS_TOKEN"]);
        let npx = start(&catalog, "github", &["npx"], &[]).unwrap();
        assert_eq!(npx.words.join(" "), "npx -y @modelcontextprotocol/server-github");
        let nothing = start(&catalog, "github", &[], &[]).unwrap();
        assert_eq!(nothing.words[0], "docker");
    }

    #[test]
    fn a_remote_server_is_reached_by_a_bridge_that_looks_its_token_up() {
        let catalog = catalog();
        let start = start(&catalog, "posthog", &["npx"], &[]).unwrap();
        assert_eq!(start.words[..4].join(" "), "npx -y mcp-remote https://mcp.posthog.com/mcp");
        assert_eq!(start.words[4..], ["--header", "Authorization:Bearer ${POSTHOG_API_KEY}"]);
    }

    #[test]
    fn a_word_that_only_the_person_knows_is_asked_for() {
        let catalog = catalog();
        let open = start(&catalog, "azure-devops", &["npx"], &[]).unwrap_err();
        assert!(matches!(&open, NoStart::Open { word, .. } if word == "ORGANIZATION"), "{open:?}");
        let server = catalog.server("azure-devops").unwrap();
        let given: Vec<String> = ["npx", "-y", "@azure-devops/mcp", "contoso", "--authentication", "envvar"]
            .map(str::to_owned)
            .into();
        let stored = |it: &Requirement| it.name == "ADO_MCP_AUTH_TOKEN";
        let start = Start::of(&catalog, server, &given, &|_| true, &stored).unwrap();
        assert_eq!((names(&start), start.words), (vec!["ADO_MCP_AUTH_TOKEN".to_owned()], given));
    }

    #[test]
    fn every_server_of_the_catalog_has_a_command_or_a_reason() {
        let catalog = catalog();
        for server in &catalog.servers {
            match start(&catalog, &server.id, &["npx", "uvx", "docker"], &[]) {
                Ok(start) => assert!(!start.words.is_empty(), "{}", server.id),
                Err(NoStart::Open { server: id, .. }) => assert_eq!(id, "azure-devops"),
                Err(NoStart::Unknown { .. }) => {
                    assert!(server.url.is_none() && server.start_commands().is_empty(), "{}", server.id);
                }
            }
        }
    }
}
