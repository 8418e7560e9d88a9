//! The configuration of the guides that people followed, whose placeholders Claude Code passes on as they are written.

/// Its entries as they stand there, the blank behind a comma included.
const ENTRIES: [(&str, &str); 2] = [
    (
        "azure-devops",
        r#"    "azure-devops": {
      "command": "npx",
      "args": ["-y", "@azure-devops/mcp", "org-name"],
      "env": {
        "AZURE_DEVOPS_PAT": "${env:AZURE_DEVOPS_PAT}"
      }
    }"#,
    ),
    (
        "github",
        r#"    "github": {
      "command": "npx", 
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {
        "GITHUB_TOKEN": "${env:GITHUB_TOKEN}"
      }
    }"#,
    ),
];

/// The whole of `~/.claude.json`.
#[cfg(unix)]
pub(crate) fn guide() -> String {
    guide_with(&ENTRIES.map(|(name, _)| name))
}

/// As [`guide`], of somebody who took over these servers alone.
pub(crate) fn guide_with(servers: &[&str]) -> String {
    let kept = ENTRIES.iter().filter(|(name, _)| servers.contains(name));
    let entries: Vec<&str> = kept.map(|(_, entry)| *entry).collect();
    format!("{{\n  \"mcpServers\": {{\n{}\n  }}\n}}\n", entries.join(",\n"))
}
