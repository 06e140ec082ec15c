//! Objects that have no model of their own: known by the statements that make, change and remove them.

use super::name::ObjectRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The table setting which says that the table's columns are those of a composite type (`CREATE TABLE … OF`).
pub const ROW_TYPE: &str = "row type";

/// An object known by how it is created, changed and dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    pub id: ObjectRef,
    /// SQL statements that make it, one a string; a setting that is not `inline` comes after them.
    pub create: Vec<String>,
    /// SQL that removes it.
    pub drop: String,
    /// What has to be done before it can be removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub let_go: Vec<String>,
    /// What cannot change while the object stays, where `create` says more than that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fixed: String,
    /// What can change while the object stays, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Setting>,
}

/// One thing about an [`Other`] that can be changed in place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Gives it to an object that is without it. Empty where only people can.
    pub set: String,
    /// Gives it another value. Without this it is taken away and given anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Takes it away.
    pub unset: String,
    /// Whether the object's `create` has said it already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inline: bool,
    /// What people have to do after the object is made: a secret is not known here, and some things are not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
    /// Tells one secret from another without giving it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl Setting {
    /// One that is set by a statement of its own, whatever it was before.
    pub fn overwriting(set: impl Into<String>, unset: impl Into<String>) -> Self {
        let set = set.into();
        Self { change: Some(set.clone()), set, unset: unset.into(), ..Self::default() }
    }

    /// One that has to be taken away before it can be given anew.
    pub fn replaced(set: impl Into<String>, unset: impl Into<String>) -> Self {
        Self { set: set.into(), unset: unset.into(), ..Self::default() }
    }

    /// The same setting, said by the object's `create`.
    #[must_use]
    pub fn within_create(self) -> Self {
        Self { inline: true, ..self }
    }
}

impl Other {
    /// An object that is made anew for any difference.
    pub fn new(id: ObjectRef, create: Vec<String>, drop: impl Into<String>) -> Self {
        Self { id, create, drop: drop.into(), let_go: Vec::new(), fixed: String::new(), settings: BTreeMap::new() }
    }

    /// The same object with one more setting.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, setting: Setting) -> Self {
        self.settings.insert(name.into(), setting);
        self
    }

    /// All statements that make it.
    pub fn statements(&self) -> Vec<String> {
        let later = self.settings.values().filter(|s| !s.inline && s.by_hand.is_none());
        self.create.iter().chain(later.map(|s| &s.set)).filter(|sql| !sql.is_empty()).cloned().collect()
    }

    /// What it means: where its settings say what `create` says, their order in that is of no account.
    pub(super) fn canonical(&self) -> Self {
        let create = if self.fixed.is_empty() { self.create.clone() } else { Vec::new() };
        Self { create, ..self.clone() }
    }

    /// All statements that remove it.
    pub fn removal(&self) -> Vec<String> {
        self.let_go.iter().chain([&self.drop]).cloned().collect()
    }

    /// Whether it can become `to` in place.
    pub fn can_become(&self, to: &Self) -> bool {
        self.id == to.id
            && self.fixed == to.fixed
            && (!self.fixed.is_empty() || self.create == to.create && self.let_go == to.let_go)
    }

    /// The statements that make it `to`, which it can become.
    pub fn alteration(&self, to: &Self) -> Vec<String> {
        let gone = self.settings.iter().filter(|(name, _)| !to.settings.contains_key(*name));
        let mut out: Vec<String> = gone.map(|(_, setting)| setting.unset.clone()).collect();
        for (name, new) in &to.settings {
            match self.settings.get(name) {
                Some(old) if old == new => {}
                Some(old) if new.change.is_none() && !new.set.is_empty() => {
                    out.extend([old.unset.clone(), new.set.clone()]);
                }
                Some(_) => out.extend(new.change.clone()),
                None => out.push(new.set.clone()),
            }
        }
        out.retain(|sql| !sql.is_empty());
        out
    }

    /// What people have to do when it is made.
    pub fn by_hand(&self) -> Vec<&str> {
        self.settings.values().filter_map(|s| s.by_hand.as_deref()).collect()
    }

    /// What people have to do when it has become `to`.
    pub fn by_hand_to(&self, to: &Self) -> Vec<String> {
        let differs = |name: &String, new: &Setting| new.set.is_empty() && self.settings.get(name) != Some(new);
        let changed = to.settings.iter().filter(|(name, new)| differs(name, new));
        changed.filter_map(|(_, new)| new.by_hand.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ObjectKind, QName};

    fn server(settings: &[(&str, &str)]) -> Other {
        let id = ObjectRef::new(ObjectKind::ForeignServer, QName::new("", "s"));
        let mut server = Other::new(id, vec![format!("CREATE SERVER s {settings:?}")], "DROP SERVER s");
        server.fixed = "SERVER s".into();
        for (name, value) in settings {
            let setting = Setting {
                set: format!("ADD {name} {value}"),
                change: Some(format!("SET {name} {value}")),
                unset: format!("DROP {name}"),
                inline: true,
                ..Setting::default()
            };
            server = server.with(*name, setting);
        }
        server
    }

    #[test]
    fn only_the_settings_that_differ_are_changed() {
        let (from, to) = (server(&[("a", "1"), ("b", "1"), ("c", "1")]), server(&[("b", "2"), ("c", "1"), ("d", "1")]));
        assert!(from.can_become(&to));
        assert_eq!(from.alteration(&to), ["DROP a", "SET b 2", "ADD d 1"]);
        assert_eq!(to.alteration(&from), ["DROP d", "ADD a 1", "SET b 1"]);
    }

    #[test]
    fn what_is_fixed_cannot_be_altered() {
        let mut other = server(&[]);
        other.fixed = "SERVER s TYPE 'x'".into();
        assert!(!server(&[]).can_become(&other));
    }

    #[test]
    fn a_secret_is_left_to_people_and_seen_to_differ() {
        let secret = |digest: &str| Setting {
            unset: "DROP password".into(),
            by_hand: Some("Set the password.".into()),
            digest: Some(digest.into()),
            ..Setting::default()
        };
        let (from, to) = (server(&[]).with("password", secret("1")), server(&[]).with("password", secret("2")));
        assert_ne!(from, to);
        assert!(from.alteration(&to).is_empty());
        assert_eq!(from.by_hand_to(&to), ["Set the password."]);
        assert_eq!(from.alteration(&server(&[])), ["DROP password"]);
        assert_eq!(to.statements(), to.create);
        assert_eq!(to.by_hand(), ["Set the password."]);
    }

    #[test]
    fn a_setting_without_a_change_is_taken_away_and_given_anew() {
        let with = |set: &str| server(&[]).with("x", Setting::replaced(set, "UNSET x"));
        assert_eq!(with("x 1").alteration(&with("x 2")), ["UNSET x", "x 2"]);
        assert_eq!(with("x 1").statements().len(), 2);
    }
}
