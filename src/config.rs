//! The configuration file, and what is remembered between starts.
//!
//! The file is TOML: `LOCKSTEP_CONFIG`, or `lockstep/config.toml` in the platform's configuration folder
//! (`~/.config` on Linux). It is optional; every key has a default.

use crate::assistant::provider::ProviderConfig;
use crate::engine::Target;
use crate::risk::Pace;
use crate::{Error, ErrorCode, Result};
use directories::ProjectDirs;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the configuration file may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A theme's name, or `auto`.
    pub theme: Option<String>,
    /// Whether to draw with ASCII only; by default the locale decides.
    pub ascii: Option<bool>,
    /// Named connections.
    pub connections: BTreeMap<String, Connection>,
    /// The model that requests in words go to; without one, the built-in planner.
    pub model: Option<ProviderConfig>,
}

/// A named connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// As on the command line. Leave the password to the environment, a password file or the engine's own files.
    pub url: String,
    /// Marked PROD in the header and in every dialog.
    #[serde(default)]
    pub production: bool,
    /// Nothing can be written through it.
    #[serde(default)]
    pub read_only: bool,
}

impl Config {
    /// Reads the configuration; a missing file is an empty configuration.
    ///
    /// # Errors
    /// `Config` when the file is there and cannot be read or understood, with the line.
    pub fn load() -> Result<Self> {
        let Some(path) = config_path() else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(why) => return Err(config_error(&path, &why)),
        };
        toml::from_str(&text).map_err(|why| config_error(&path, &what_is_wrong(&text, &why)))
    }

    /// The named connections as targets, in the order of their names. Those whose URL cannot be read are left out.
    pub fn targets(&self) -> Vec<(String, Target)> {
        let target = |(name, connection): (&String, &Connection)| {
            let mut target = Target::parse(&connection.url).ok()?;
            target.production = connection.production;
            Some((name.clone(), target))
        };
        self.connections.iter().filter_map(target).collect()
    }
}

/// The place and the reason, without the line itself: what is written there may be a secret.
fn what_is_wrong(text: &str, why: &toml::de::Error) -> String {
    let before = why.span().and_then(|span| text.get(..span.start));
    let place = before.map(|text| format!("line {}: ", text.matches('\n').count() + 1)).unwrap_or_default();
    format!("{place}{}", why.message().trim())
}

fn config_error(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorCode::Config, format!("the configuration {} cannot be used: {why}", path.display()))
        .hint("Correct the file, or set LOCKSTEP_CONFIG to another.")
}

fn folders() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "lockstep")
}

fn config_path() -> Option<PathBuf> {
    match std::env::var_os("LOCKSTEP_CONFIG") {
        Some(path) => Some(path.into()),
        None => folders().map(|f| f.config_dir().join("config.toml")),
    }
}

/// The folder for what is remembered: `LOCKSTEP_STATE_DIR`, or the platform's for such things.
fn state_folder() -> Option<PathBuf> {
    std::env::var_os("LOCKSTEP_STATE_DIR")
        .map(PathBuf::from)
        .or_else(|| folders().map(|f| f.state_dir().unwrap_or_else(|| f.data_local_dir()).to_path_buf()))
}

/// How fast servers were seen to work, by the database's URL as it is shown. What cannot be read or kept is as if it
/// had not been measured.
#[derive(Debug)]
pub struct Paces {
    path: Option<PathBuf>,
}

impl Paces {
    pub fn open() -> Self {
        Self { path: state_folder().map(|folder| folder.join("paces.json")) }
    }

    pub fn of(&self, shown: &str) -> Option<Pace> {
        self.all().get(shown).copied()
    }

    pub fn keep(&self, shown: &str, pace: Pace) {
        let Some(path) = &self.path else { return };
        let mut all = self.all();
        all.insert(shown.to_owned(), pace);
        let write = || -> std::io::Result<()> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, serde_json::to_vec_pretty(&all)?)
        };
        if let Err(why) = write() {
            tracing::debug!("the server's pace could not be kept: {why}");
        }
    }

    fn all(&self) -> BTreeMap<String, Pace> {
        let text = self.path.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// Connections used lately, newest first, without their passwords.
#[derive(Debug)]
pub struct Recent {
    path: Option<PathBuf>,
}

impl Recent {
    /// How many are remembered.
    const KEPT: usize = 10;

    pub fn open() -> Self {
        Self { path: state_folder().map(|folder| folder.join("recent")) }
    }

    pub fn targets(&self) -> Vec<Target> {
        let text = self.path.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        text.lines().filter_map(|line| Target::parse(line).ok()).take(Self::KEPT).collect()
    }

    /// Puts a connection first. What cannot be remembered is not worth an error.
    pub fn remember(&self, shown: &str) {
        let Some(path) = &self.path else { return };
        let mut lines = vec![shown.to_owned()];
        lines.extend(self.targets().into_iter().map(|t| t.shown).filter(|s| s != shown).take(Self::KEPT - 1));
        let write = || -> std::io::Result<()> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, lines.join("\n") + "\n")
        };
        if let Err(why) = write() {
            tracing::debug!(%why, "the list of recent connections was not written");
        }
    }
}

/// The connection that the environment names: `DATABASE_URL`, or `PGHOST`, `PGDATABASE` or `PGSERVICE`.
///
/// # Errors
/// When `DATABASE_URL` is set and cannot be read.
pub fn environment_target() -> Result<Option<Target>> {
    if let Ok(url) = std::env::var("DATABASE_URL")
        && !url.is_empty()
    {
        return Target::parse(&url).map(Some);
    }
    let named = ["PGHOST", "PGDATABASE", "PGSERVICE"].iter().any(|name| std::env::var_os(name).is_some());
    if named { Target::parse("postgres://").map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_names_connections() {
        let config: Config = toml::from_str(
            "theme = 'nord'\n[connections.shop]\nurl = 'postgres://app:secret@db/shop'\nproduction = true\n",
        )
        .unwrap();
        let targets = config.targets();
        assert_eq!(targets[0].0, "shop");
        assert!(targets[0].1.production);
        assert!(!format!("{targets:?}").contains("secret"));
    }

    #[test]
    fn an_unknown_key_is_named() {
        let wrong = |text: &str| what_is_wrong(text, &toml::from_str::<Config>(text).unwrap_err());
        let why = wrong("tehme = 'nord'");
        assert!(why.contains("tehme"), "{why}");
        let why = wrong("[model]\nkind = 'anthropic'\nmodel = 'm'\napi_key = 'sk-secret'\n");
        assert!(why.starts_with("line 4") && why.contains("api_key") && why.contains("key_env"), "{why}");
        assert!(!why.contains("sk-secret"), "{why}");
    }

    #[test]
    fn a_configuration_names_a_model() {
        let config: Config = toml::from_str("[model]\nkind = 'openai'\nmodel = 'm'\nsend_comments = true\n").unwrap();
        let model = config.model.unwrap();
        assert_eq!((model.key_variable(), model.send_comments, model.send_literals), ("OPENAI_API_KEY", true, false));
    }

    #[test]
    fn recent_connections_are_kept_newest_first_without_duplicates() {
        let folder = tempfile::tempdir().unwrap();
        let recent = Recent { path: Some(folder.path().join("deep/recent")) };
        for url in ["sqlite:a.db", "sqlite:b.db", "sqlite:a.db"] {
            recent.remember(url);
        }
        let shown: Vec<_> = recent.targets().into_iter().map(|t| t.shown).collect();
        assert_eq!(shown, ["sqlite:a.db", "sqlite:b.db"]);
    }
}
