//! `Recognised`: a server of the catalog in an entry of a configuration, and what it was known by.

use crate::catalog::address::Address;
use crate::catalog::launch::{Launched, launched};
use crate::catalog::server::{Alternative, KnownBy, Server, Transport};

/// A server that was recognised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recognised<'c> {
    /// Which.
    pub(crate) server: &'c Server,
    /// The name that told it, as [`KnownBy`] has it: what [`Alternative::of`] speaks of.
    pub(crate) known_by: &'c str,
    /// Whether its secrets are in variables or in headers.
    pub(crate) transport: Transport,
}

impl<'c> Recognised<'c> {
    /// What it needs in this form: one of these is enough, none where there are none.
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = &'c Alternative> {
        self.server.alternatives_for(self.transport, Some(self.known_by))
    }

    /// Whether it starts without any credential.
    pub(crate) fn can_do_without(&self) -> bool {
        let does =
            |it: &Alternative| it.optional || it.credentials.iter().all(|credential| credential.optional);
        let mut alternatives = self.alternatives().peekable();
        alternatives.peek().is_none() || alternatives.any(does)
    }
}

/// The first of the servers that the entry starts or calls. Takes time in proportion to the length of the entry and to
/// the number of servers.
pub(super) fn recognise<'c>(
    servers: &'c [Server],
    command: Option<&str>,
    arguments: &[&str],
    url: Option<&str>,
) -> Option<Recognised<'c>> {
    let started = command.map(|command| launched(command, arguments)).unwrap_or_default();
    started.into_iter().chain(url.map(Launched::Url)).find_map(|what| {
        let address = if let Launched::Url(url) = what { Some(Address::of(url)?) } else { None };
        let transport = if address.is_some() { Transport::Remote } else { Transport::Local };
        servers.iter().find_map(|server| {
            let known_by = known_by(&server.known_by, what, address)?;
            Some(Recognised { server, known_by, transport })
        })
    })
}

fn known_by<'c>(known: &'c KnownBy, what: Launched<'_>, address: Option<Address<'_>>) -> Option<&'c str> {
    let first = |names: &'c [String], fits: &dyn Fn(&str) -> bool| {
        names.iter().map(String::as_str).find(|name| fits(name))
    };
    match what {
        Launched::Npm(package) => first(&known.npm, &|name| fits(name, package, slashed)),
        Launched::Pypi(package) => first(&known.pypi, &|name| fits(name, package, dashed)),
        Launched::Image(image) => first(&known.images, &|name| fits(name, image, |it| it)),
        // A package that was installed brings a program of its own name.
        Launched::Program(program) => first(&known.commands, &|name| fits(name, program, lower))
            .or_else(|| first(&known.pypi, &|name| fits(name, program, dashed)))
            .or_else(|| first(&known.npm, &|name| fits(name, program, lower))),
        Launched::Broker(_) => None,
        Launched::Url(_) => {
            let address = address?;
            first(&known.urls, &|name| address.fits(name))
        }
    }
}

/// Whether the name is the pattern, in which one `*` stands for any characters.
fn fits(pattern: &str, name: &str, fold: fn(char) -> char) -> bool {
    let Some((start, end)) = pattern.split_once('*') else {
        return pattern.chars().map(fold).eq(name.chars().map(fold));
    };
    let begins = |text: &str, part: &str| {
        let mut characters = text.chars().map(fold);
        part.chars().map(fold).all(|wanted| characters.next() == Some(wanted))
    };
    let mut reversed = name.chars().rev().map(fold);
    name.len() >= start.len() + end.len()
        && begins(name, start)
        && end.chars().rev().map(fold).all(|wanted| reversed.next() == Some(wanted))
}

fn lower(character: char) -> char {
    character.to_ascii_lowercase()
}

/// A package in a folder of Windows.
fn slashed(character: char) -> char {
    if character == '\\' { '/' } else { character }
}

/// PEP 503: names of Python packages differ in more than case and the kind of their dashes.
fn dashed(character: char) -> char {
    if character == '_' || character == '.' { '-' } else { character.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::Catalog;

    fn words(line: &str) -> Option<(String, Transport)> {
        let catalog = Catalog::embedded();
        let parts: Vec<&str> = line.split(' ').collect();
        let (command, arguments) = parts.split_first()?;
        let found = catalog.recognise(Some(command), arguments, None)?;
        Some((found.server.id.clone(), found.transport))
    }

    #[track_caller]
    fn is(line: &str, id: &str) {
        assert_eq!(words(line).map(|(id, _)| id).as_deref(), Some(id), "{line}");
    }

    #[track_caller]
    fn is_nobody(line: &str) {
        assert_eq!(words(line), None, "{line}");
    }

    #[test]
    fn packages_of_npm_are_known_whoever_runs_them_and_in_any_version() {
        for line in [
            "npx -y @modelcontextprotocol/server-github",
            "npx -y @modelcontextprotocol/server-github@latest",
            "npx.cmd --yes @modelcontextprotocol/server-github@2025.4.8",
            r"C:\Program\nodejs\npx.cmd -y @modelcontextprotocol/server-github",
            "/opt/homebrew/bin/npx @modelcontextprotocol/server-github --flag",
            "npx --package=@modelcontextprotocol/server-github mcp-server-github",
            "npx -y -p @modelcontextprotocol/server-github@1 -- mcp-server-github",
            "npm exec -y -- @modelcontextprotocol/server-github",
            "bunx @modelcontextprotocol/server-github",
            "bun x @modelcontextprotocol/server-github",
            "pnpm dlx @modelcontextprotocol/server-github",
            "pnpm --dir /x dlx @modelcontextprotocol/server-github",
            "yarn dlx -q @modelcontextprotocol/server-github",
            "deno run -A npm:@modelcontextprotocol/server-github@1",
            "node /home/x/node_modules/@modelcontextprotocol/server-github/dist/index.js",
            r"node C:\x\node_modules\@modelcontextprotocol\server-github\dist\index.js",
            "node --env-file .env /a/node_modules/b/node_modules/@modelcontextprotocol/server-github/i.js",
            "cmd /c npx -y @modelcontextprotocol/server-github",
            "cmd.exe /d /s /c npx -y @modelcontextprotocol/server-github",
            "env -i PATH=/bin GITHUB_TOKEN=x npx -y @modelcontextprotocol/server-github",
            "mcpcred run --server github -- npx -y @modelcontextprotocol/server-github",
            "/usr/local/bin/mcpcred run -e A=B -- cmd /c npx @modelcontextprotocol/server-github",
            "op run --env-file=.env -- npx -y @modelcontextprotocol/server-github",
            "aws-vault exec work -- npx -y @modelcontextprotocol/server-github",
            "aws-vault exec --no-session work npx -y @modelcontextprotocol/server-github",
            "envchain github npx -y @modelcontextprotocol/server-github",
            "direnv exec . npx -y @modelcontextprotocol/server-github",
        ] {
            is(line, "github");
        }
    }

    #[test]
    fn packages_of_python_are_known_however_their_dashes_are_written() {
        for line in [
            "uvx awslabs.aws-api-mcp-server@latest",
            "uvx awslabs-core-mcp-server==1.0",
            "uvx --from awslabs.cost-explorer-mcp-server[all] server",
            "uvx --python 3.12 --with x awslabs.S3_tables_mcp_server@1",
            "uv tool run --from awslabs.aws-api-mcp-server@latest awslabs.aws-api-mcp-server.exe",
            "uv run --with awslabs.iam-mcp-server python -m x",
            "pipx run awslabs.aws-documentation-mcp-server",
            "awslabs.aws-api-mcp-server",
        ] {
            is(line, "aws");
        }
        is("python3 -m mcp_atlassian", "atlassian");
        is("uv --directory /x run mcp-atlassian", "atlassian");
        is_nobody("python3 script.py -m mcp_atlassian");
    }

    #[test]
    fn images_are_known_behind_the_flags_of_docker() {
        for line in [
            "docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server",
            "docker run -it --rm -eA=b --env=C --name x -p 1:2 ghcr.io/github/github-mcp-server:1.2 stdio",
            "podman run --rm -i --network host ghcr.io/github/github-mcp-server@sha256:00",
            "docker --context x container run --pull always --init -i docker.io/mcp/github",
        ] {
            is(line, "github");
        }
        is("docker run -i --rm -e A hashicorp/terraform-mcp-server", "terraform");
        is("docker run registry-1.docker.io/hashicorp/terraform-mcp-server:0.3", "terraform");
        // The value of a flag is not the image, and neither are the image's arguments.
        is_nobody("docker run --name hashicorp/terraform-mcp-server alpine");
        is_nobody("docker run alpine hashicorp/terraform-mcp-server");
        is_nobody("docker run localhost:5000/github-mcp-server");
    }

    #[test]
    fn programs_are_known_without_their_folder() {
        is("github-mcp-server stdio", "github");
        is("/opt/bin/github-mcp-server stdio", "github");
        is(r"C:\tools\GitHub-MCP-Server.EXE stdio", "github");
        is("go run github.com/github/github-mcp-server/cmd/github-mcp-server@latest stdio", "github");
        is("./node_modules/.bin/mongodb-mcp-server --readOnly", "mongodb");
        is_nobody("cat github-mcp-server");
    }

    #[test]
    fn a_bridge_is_the_server_that_it_leads_to() {
        let found = words("npx -y mcp-remote@0.1.29 https://mcp.notion.com/mcp --header X:${Y}");
        assert_eq!(found, Some(("notion".to_owned(), Transport::Remote)));
        is("bunx mcp-remote https://mcp.linear.app/sse", "linear");
        is("uvx mcp-proxy --transport streamablehttp https://mcp.linear.app/mcp", "linear");
        is("mcpcred run --server x -- npx mcp-remote https://mcp.linear.app/mcp", "linear");
        is_nobody("npx -y mcp-remote https://evil.example/?u=mcp.notion.com");
        is_nobody("npx -y some-other https://mcp.notion.com/mcp");
    }

    #[test]
    fn a_line_for_a_shell_is_read_command_by_command() {
        let catalog = Catalog::embedded();
        for (command, arguments) in [
            ("bash", &["-lc", "cd /x && A=b npx -y @notionhq/notion-mcp-server"][..]),
            ("sh", &["-c", "exec npx '@notionhq/notion-mcp-server'"]),
            ("npx -y @notionhq/notion-mcp-server", &[]),
            ("cmd", &["/c", "set X=1&& npx -y @notionhq/notion-mcp-server"]),
            ("powershell.exe", &["-NoProfile", "-Command", "npx -y @notionhq/notion-mcp-server"]),
            ("pwsh", &["-Command", "npx", "-y", "@notionhq/notion-mcp-server"]),
        ] {
            let found = catalog.recognise_server(Some(command), arguments, None);
            assert_eq!(found.map(|server| server.id.as_str()), Some("notion"), "{command} {arguments:?}");
        }
    }

    #[test]
    fn an_entry_with_a_url_is_known_by_it() {
        let catalog = Catalog::embedded();
        let of = |url| catalog.recognise_server(None, &[], Some(url)).map(|server| server.id.as_str());
        assert_eq!(of("https://api.githubcopilot.com/mcp/x/issues"), Some("github"));
        assert_eq!(of("https://mcp.notion.com/mcp"), Some("notion"));
        assert_eq!(of("https://mcp.notion.com.evil.example/mcp"), None);
        assert_eq!(of("${URL}"), None);
    }

    #[test]
    fn what_suffices_depends_on_what_was_found() {
        let catalog = Catalog::embedded();
        let found = |command, arguments: &[&str], url| catalog.recognise(command, arguments, url).unwrap();
        let archived = found(Some("npx"), &["-y", "@modelcontextprotocol/server-github"], None);
        let current = found(Some("github-mcp-server"), &["stdio"], None);
        assert!(!archived.can_do_without() && current.can_do_without());
        let local = found(Some("npx"), &["@notionhq/notion-mcp-server"], None);
        let remote = found(None, &[], Some("https://mcp.notion.com/mcp"));
        assert!(!local.can_do_without() && remote.can_do_without());
    }

    proptest! {
        #[test]
        fn no_entry_is_too_odd(
            command in any::<String>(),
            arguments in proptest::collection::vec(any::<String>(), 0..8),
            url in proptest::option::of(any::<String>()),
        ) {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            _ = Catalog::embedded().recognise(Some(&command), &arguments, url.as_deref());
        }

        #[test]
        fn nor_one_of_the_usual_words_in_any_order(
            line in proptest::collection::vec(
                prop::sample::select(vec![
                    "npx", "-y", "uvx", "--from", "docker", "run", "-e", "--", "mcpcred", "cmd", "/c", "sh", "-c",
                    "node", "-p", "a b", "mcp-remote", "https://x", "@", "@a/b@1", "node_modules/", "-", "", "é", "env",
                    "uv", "python", "-m", "X=1", "pnpm", "dlx", "=", "--package=", "go", "&&", "deno", "npm:",
                ]),
                1..40,
            ),
        ) {
            let (command, arguments) = line.split_first().unwrap();
            _ = Catalog::embedded().recognise(Some(command), arguments, None);
            _ = Catalog::embedded().recognise(Some(&line.join(" ")), &[], None);
        }
    }

    #[test]
    fn a_long_entry_takes_time_in_proportion_to_its_length() {
        let catalog = Catalog::embedded();
        let many = vec!["env"; 200_000];
        let shells = "sh -c ".repeat(200_000);
        let start = std::time::Instant::now();
        _ = catalog.recognise(Some("env"), &many, None);
        _ = catalog.recognise(Some(&shells), &[], None);
        _ = catalog.recognise(None, &[], Some(&"https://a@".repeat(200_000)));
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
