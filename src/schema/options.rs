//! Settings by name.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Settings by name (`fillfactor` → `70`), in the order in which they were made.
///
/// The order is kept so that an object that is made anew is written as it was. It means nothing: two that differ in
/// nothing else are equal, and they are serialised by name.
#[derive(Clone, Debug, Default)]
pub struct Options(Vec<(String, String)>);

impl Options {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, name: &str) -> Option<&String> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets one: a new one comes last, and so does one that is set again, as the engine has it.
    pub fn insert(&mut self, name: String, value: String) {
        self.0.retain(|(key, _)| *key != name);
        self.0.push((name, value));
    }

    pub fn retain(&mut self, mut stays: impl FnMut(&str, &str) -> bool) {
        self.0.retain(|(key, value)| stays(key, value));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(key, _)| key)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn by_name(&self) -> BTreeMap<&String, &String> {
        self.iter().collect()
    }

    /// What to set and what to reset to come from `self` to `after`, or `None` when they are the same. What stands
    /// behind the first that is new or changed is set again, so that the order comes out too.
    pub fn change_to(&self, after: &Self) -> Option<(Self, Vec<String>)> {
        if self == after {
            return None;
        }
        let reset = self.keys().filter(|key| !after.contains_key(key)).cloned().collect();
        let kept = self.iter().filter(|(key, value)| after.get(key) == Some(*value));
        let same = kept.zip(after.iter()).take_while(|(old, new)| old == new).count();
        let set = after.iter().skip(same).map(|(key, value)| (key.clone(), value.clone())).collect();
        Some((set, reset))
    }

    /// What to set and what to reset to come back to `self` after `set` and `reset`, in the order of before.
    pub fn way_back(&self, set: &Self, reset: &[String]) -> (Self, Vec<String>) {
        let mut now = self.clone();
        now.retain(|key, _| !reset.iter().any(|name| name == key));
        now.extend(set.iter().map(|(key, value)| (key.clone(), value.clone())));
        now.change_to(self).unwrap_or_default()
    }
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl Eq for Options {}

impl Extend<(String, String)> for Options {
    fn extend<I: IntoIterator<Item = (String, String)>>(&mut self, more: I) {
        for (key, value) in more {
            self.insert(key, value);
        }
    }
}

impl FromIterator<(String, String)> for Options {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut out = Self::new();
        out.extend(pairs);
        out
    }
}

impl<const N: usize> From<[(String, String); N]> for Options {
    fn from(pairs: [(String, String); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl IntoIterator for Options {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Options {
    type Item = (&'a String, &'a String);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (String, String)>, fn(&'a (String, String)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

impl Serialize for Options {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.by_name().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, String>::deserialize(deserializer).map(|pairs| pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Options {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_order_is_kept_and_means_nothing() {
        let (one, other) = (options(&[("b", "1"), ("a", "2")]), options(&[("a", "2"), ("b", "1")]));
        assert_eq!(one, other);
        assert_eq!(one.keys().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&other).unwrap());
        assert_ne!(one, options(&[("a", "2")]));
    }

    #[test]
    fn a_change_ends_in_the_wanted_order() {
        let (before, after) =
            (options(&[("a", "1"), ("c", "3"), ("x", "9")]), options(&[("a", "1"), ("b", "2"), ("c", "3")]));
        let (set, reset) = before.change_to(&after).unwrap();
        assert_eq!(set.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(reset, ["x"]);
        assert!(before.change_to(&before).is_none());
    }

    #[test]
    fn settings_come_back_in_their_order() {
        let was = options(&[("n_distinct", "5"), ("n_distinct_inherited", "10"), ("other", "1")]);
        let (set, reset) =
            was.way_back(&options(&[("n_distinct_inherited", "8"), ("new", "2")]), &["n_distinct".into()]);
        assert_eq!(set.keys().collect::<Vec<_>>(), ["n_distinct", "n_distinct_inherited", "other"]);
        assert_eq!(reset, ["new"]);
    }
}
