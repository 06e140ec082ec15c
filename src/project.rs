//! What a project has decided about judging its SQL: the file `lockstep.toml`, which is kept beside the SQL in version
//! control. A person's own settings are in [`crate::config`].

use crate::error::Location;
use crate::migrations::Layout;
use crate::plan::Severity;
use crate::risk::levels::{Globs, Levelling, Levels, Override};
use crate::risk::policy::Policy;
use crate::risk::privacy;
use crate::schema::EngineKind;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Deserializer, de};
use std::path::{Path, PathBuf};

/// The name of the file.
pub const FILE: &str = "lockstep.toml";

/// What the file may say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Project {
    /// Findings of this severity and above end with status 1.
    #[serde(deserialize_with = "threshold")]
    pub fail_on: Option<Threshold>,
    /// Whether a statement that is not understood ends with status 1.
    pub fail_on_unknown: bool,
    pub engine: Option<EngineKind>,
    /// The major version of PostgreSQL that the SQL is for, where no server says it.
    pub pg_version: Option<u32>,
    #[serde(deserialize_with = "layout")]
    pub layout: Option<Layout>,
    /// Known findings; the path counts from the file's folder.
    pub baseline: Option<PathBuf>,
    /// Files that are not judged. They still say what the later ones of their folder meet.
    pub ignore: Option<Globs>,
    pub rules: Levels,
    pub overrides: Vec<Override>,
    pub policy: Policy,
    pub privacy: privacy::Settings,
}

/// From where on findings end with status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    At(Severity),
    Never,
}

impl Threshold {
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::At(severity) => Some(severity),
            Self::Never => None,
        }
    }
}

fn threshold<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Threshold>, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name == "never" {
        return Ok(Some(Threshold::Never));
    }
    let severity = Severity::deserialize(de::value::StrDeserializer::<D::Error>::new(&name));
    let unknown = |_| de::Error::custom(format!("{name:?} is none of info, low, medium, high, critical and never"));
    severity.map(|severity| Some(Threshold::At(severity))).map_err(unknown)
}

fn layout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Layout>, D::Error> {
    let name = String::deserialize(deserializer)?;
    Layout::parse(&name)
        .map(Some)
        .map_err(|why| de::Error::custom(format!("{}. {}", why.message, why.hint.unwrap_or_default())))
}

/// A project with where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub path: PathBuf,
    /// As it is written.
    pub text: String,
    pub project: Project,
}

impl Found {
    /// Reads a file.
    ///
    /// # Errors
    /// `File` when it cannot be read, `Config` with line and key when it makes no sense.
    pub fn read(path: &Path) -> Result<Self> {
        let text = crate::source::read_file(path)?;
        let project = parse(&text).map_err(|(location, message)| {
            let place = location.file(path);
            Error::new(ErrorCode::Config, message)
                .at(place)
                .hint("Correct the file, name another with --project-config, or go without with --no-project-config.")
        })?;
        Ok(Self { path: path.to_path_buf(), text, project })
    }

    /// The file of the closest folder at or above `from`, where there is one.
    ///
    /// # Errors
    /// As [`Found::read`].
    pub fn above(from: &Path) -> Result<Option<Self>> {
        // The folder of a bare file name has no name of its own.
        let from = if from.as_os_str().is_empty() { Path::new(".") } else { from };
        let Ok(from) = std::path::absolute(from) else { return Ok(None) };
        let path = from.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file());
        path.map(|path| Self::read(&path)).transpose()
    }

    /// The folder that paths in the file count from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

impl Project {
    /// Of the working folder: what the closest file says, or nothing where there is none.
    ///
    /// # Errors
    /// As [`Found::read`].
    pub fn here() -> Result<Self> {
        Ok(Found::above(Path::new("."))?.map(|found| found.project).unwrap_or_default())
    }

    pub fn levelling(&self) -> Levelling {
        Levelling { rules: self.rules.clone(), overrides: self.overrides.clone() }
    }

    /// What the rules go by.
    pub fn settings(&self) -> crate::risk::Settings {
        let (groups, rules) = self.levelling().asked_for();
        let (policy, privacy) = (self.policy.clone(), self.privacy.clone());
        crate::risk::Settings { privacy, policy, groups, rules, at: None }
    }
}

/// A place in the file.
#[derive(Debug, PartialEq, Eq)]
struct Spot {
    line: usize,
    column: usize,
}

impl Spot {
    fn file(self, path: &Path) -> Location {
        Location { file: Some(path.display().to_string()), line: self.line, column: self.column }
    }
}

fn parse(text: &str) -> Result<Project, (Spot, String)> {
    let project: Project = toml::from_str(text).map_err(|why| {
        let byte = why.span().map_or(0, |span| span.start);
        let (line, column) = crate::sql::line_column(text, byte);
        let key = key_at(text, byte).map(|key| format!("{key}: ")).unwrap_or_default();
        (Spot { line, column }, format!("{key}{}", why.message().trim()))
    })?;
    match project.pg_version {
        Some(version) if !(13..=18).contains(&version) => {
            let byte = text.find("pg_version").unwrap_or_default();
            let (line, column) = crate::sql::line_column(text, byte);
            Err((Spot { line, column }, format!("pg_version: {version} is none of 13 to 18")))
        }
        _ => Ok(project),
    }
}

/// The key that the value at a byte belongs to; none where the place is a key itself.
fn key_at(text: &str, byte: usize) -> Option<&str> {
    let line_start = text.get(..byte)?.rfind('\n').map_or(0, |at| at + 1);
    let (key, _) = text.get(line_start..byte)?.split_once('=')?;
    Some(key.trim()).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_read() {
        let text = "fail_on = 'medium'\nfail_on_unknown = true\npg_version = 16\nlayout = 'goose'\n\
                    baseline = 'known.json'\nignore = ['old/**']\n[rules]\ndrop-table = 'off'\n\
                    [[overrides]]\npaths = ['a/**']\nrules = { design = 'on' }\n\
                    [policy]\nforbid = ['TRUNCATE']\n[privacy]\nsets = ['gdpr']\n";
        let project = parse(text).unwrap();
        assert_eq!(project.fail_on.and_then(Threshold::severity), Some(Severity::Medium));
        assert_eq!((project.pg_version, project.layout), (Some(16), Some(Layout::Goose)));
        let settings = project.settings();
        assert_eq!(settings.policy.forbid.len(), 1);
        assert!(settings.groups.contains(&crate::risk::rules::Group::Design));
        assert_eq!(parse("").unwrap(), Project::default());
        assert_eq!(parse("fail_on = 'never'").unwrap().fail_on, Some(Threshold::Never));
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_line_and_key() {
        let wrong = |text: &str| {
            let (spot, message) = parse(text).unwrap_err();
            (spot.line, message)
        };
        let (line, message) = wrong("# one\npg_version = 'new'\n");
        assert!(line == 2 && message.starts_with("pg_version: ") && message.contains("new"), "{message}");
        let (line, message) = wrong("\npg_version = 12\n");
        assert!(line == 2 && message.contains("13 to 18"), "{message}");
        let (line, message) = wrong("fail_on = 'high'\nfail_no = 'high'\n");
        assert!(line == 2 && message.contains("fail_no"), "{message}");
        let (line, message) = wrong("[rules]\ndrop-table = 'off'\ndrop-tabel = 'off'\n");
        assert!(line == 3 && message.contains("drop-tabel"), "{line} {message}");
        let (line, message) = wrong("[rules]\n\ndrop-table = 'fatal'\n");
        assert!(line == 3 && message.starts_with("drop-table: ") && message.contains("fatal"), "{line} {message}");
        let (line, message) = wrong("layout = 'sqitch'\n");
        assert!(line == 1 && message.contains("golang-migrate"), "{message}");
        let (line, message) = wrong("[policy.naming]\ntable = '('\n");
        assert!(line == 2 && message.starts_with("table: "), "{line} {message}");
    }
}
