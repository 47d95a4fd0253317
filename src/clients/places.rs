//! Where clients keep their configuration, on each system. Homes and folders come from the environment.

use std::env;
use std::path::PathBuf;

use super::Client;

/// What places depend on.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    system: System,
    home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`
    xdg_config: Option<PathBuf>,
    /// `APPDATA`
    app_data: Option<PathBuf>,
    /// `CODEX_HOME`
    codex: Option<PathBuf>,
    /// `CLAUDE_CONFIG_DIR`
    claude: Option<PathBuf>,
    /// The folder whose project files are looked at.
    project: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    MacOs,
    Windows,
    /// Linux, and whatever else keeps to its customs.
    Other,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let system = match env::consts::OS {
            "macos" => System::MacOs,
            "windows" => System::Windows,
            _ => System::Other,
        };
        Self {
            system,
            home: env::home_dir().filter(|path| path.is_absolute()),
            xdg_config: folder("XDG_CONFIG_HOME"),
            app_data: folder("APPDATA"),
            codex: folder("CODEX_HOME"),
            claude: folder("CLAUDE_CONFIG_DIR"),
            project: PathBuf::from("."),
        }
    }

    /// The file of the account, if there is a place for it.
    pub(crate) fn user_file(&self, client: Client) -> Option<PathBuf> {
        let home = |path: &str| Some(self.home.as_ref()?.join(path));
        match client {
            Client::ClaudeDesktop => Some(self.applications()?.join("Claude/claude_desktop_config.json")),
            Client::ClaudeCode => match &self.claude {
                Some(folder) => Some(folder.join(".claude.json")),
                None => home(".claude.json"),
            },
            Client::Cursor => home(".cursor/mcp.json"),
            Client::VsCode => Some(self.applications()?.join("Code/User/mcp.json")),
            Client::Windsurf => home(".codeium/windsurf/mcp_config.json"),
            Client::Zed => match self.system {
                System::Windows => Some(self.applications()?.join("Zed/settings.json")),
                System::MacOs => home(".config/zed/settings.json"),
                System::Other => Some(self.applications()?.join("zed/settings.json")),
            },
            Client::Codex => match &self.codex {
                Some(folder) => Some(folder.join("config.toml")),
                None => home(".codex/config.toml"),
            },
        }
    }

    /// The file of the project in the working directory, for clients that have one.
    pub(crate) fn project_file(&self, client: Client) -> Option<PathBuf> {
        let name = match client {
            Client::ClaudeCode => ".mcp.json",
            Client::Cursor => ".cursor/mcp.json",
            Client::VsCode => ".vscode/mcp.json",
            Client::Zed => ".zed/settings.json",
            Client::Codex => ".codex/config.toml",
            Client::ClaudeDesktop | Client::Windsurf => return None,
        };
        Some(if self.project.as_os_str() == "." { PathBuf::from(name) } else { self.project.join(name) })
    }

    /// Where programs with windows keep their settings.
    fn applications(&self) -> Option<PathBuf> {
        let home = |path: &str| Some(self.home.as_ref()?.join(path));
        match self.system {
            System::MacOs => home("Library/Application Support"),
            System::Windows => self.app_data.clone().or_else(|| home("AppData/Roaming")),
            System::Other => self.xdg_config.clone().or_else(|| home(".config")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(system: System) -> Surroundings {
        Surroundings {
            system,
            home: Some(PathBuf::from("/home/me")),
            xdg_config: None,
            app_data: None,
            codex: None,
            claude: None,
            project: PathBuf::from("."),
        }
    }

    fn places(surroundings: &Surroundings) -> Vec<String> {
        Client::ALL
            .into_iter()
            .map(|client| surroundings.user_file(client).unwrap().to_string_lossy().replace("/home/me/", ""))
            .collect()
    }

    #[test]
    fn each_system_has_its_places() {
        let same = [".claude.json", ".cursor/mcp.json", ".codeium/windsurf/mcp_config.json", ".codex/config.toml"];
        let expected = |desktop: &str, code: &str, zed: &str| {
            [desktop, same[0], same[1], code, same[2], zed, same[3]].map(str::to_owned).to_vec()
        };
        assert_eq!(
            places(&on(System::Other)),
            expected(
                ".config/Claude/claude_desktop_config.json",
                ".config/Code/User/mcp.json",
                ".config/zed/settings.json"
            )
        );
        assert_eq!(
            places(&on(System::MacOs)),
            expected(
                "Library/Application Support/Claude/claude_desktop_config.json",
                "Library/Application Support/Code/User/mcp.json",
                ".config/zed/settings.json"
            )
        );
        assert_eq!(
            places(&on(System::Windows)),
            expected(
                "AppData/Roaming/Claude/claude_desktop_config.json",
                "AppData/Roaming/Code/User/mcp.json",
                "AppData/Roaming/Zed/settings.json"
            )
        );
    }

    #[test]
    fn the_environment_says_other_places() {
        let moved = Surroundings {
            xdg_config: Some(PathBuf::from("/x")),
            codex: Some(PathBuf::from("/c")),
            claude: Some(PathBuf::from("/k")),
            ..on(System::Other)
        };
        let place = |client| moved.user_file(client).unwrap();
        assert_eq!(place(Client::VsCode), PathBuf::from("/x/Code/User/mcp.json"));
        assert_eq!(place(Client::Codex), PathBuf::from("/c/config.toml"));
        assert_eq!(place(Client::ClaudeCode), PathBuf::from("/k/.claude.json"));
        let homeless = Surroundings { home: None, ..on(System::Other) };
        assert!(Client::ALL.into_iter().all(|client| homeless.user_file(client).is_none()));
    }
}
