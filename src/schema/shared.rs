//! Parts of a schema that its copies have in common.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

/// A value that is shared by the copies of a schema until one of them changes it, which then gets its own.
///
/// Planning and judging follow a schema from step to step, so it is copied often and changed in one place at a time.
#[derive(Clone)]
pub struct Shared<T>(Arc<Kept<T>>);

/// The value with its digest, once that was asked for.
#[derive(Debug, Default)]
struct Kept<T> {
    value: T,
    digest: OnceLock<[u8; 32]>,
}

impl<T: Clone> Clone for Kept<T> {
    /// Made to be changed, so the digest stays behind.
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), digest: OnceLock::new() }
    }
}

impl<T: Clone> Shared<T> {
    /// The value itself, without a copy where nobody shares it.
    pub fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.0).value
    }
}

impl<T> Shared<T> {
    /// What `make` gives for the value, worked out once for all that share it. There is one such figure to a type.
    pub(super) fn digest(&self, make: impl FnOnce(&T) -> [u8; 32]) -> [u8; 32] {
        *self.0.digest.get_or_init(|| make(&self.0.value))
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(Kept { value, digest: OnceLock::new() }))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.value == other.0.value
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        let kept = Arc::make_mut(&mut self.0);
        kept.digest = OnceLock::new();
        &mut kept.value
    }
}

impl<T> Shared<T> {
    /// What the value gives by reference.
    pub fn iter<'a>(&'a self) -> <&'a T as IntoIterator>::IntoIter
    where
        &'a T: IntoIterator,
    {
        self.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Shared<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.value.into_iter()
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_to_one_copy_does_not_reach_the_other() {
        let one: Shared<Vec<i32>> = vec![1].into();
        let mut other = one.clone();
        other.push(2);
        assert_eq!((one.into_inner(), other.into_inner()), (vec![1], vec![1, 2]));
    }

    #[test]
    fn a_digest_is_kept_until_the_value_may_have_changed() {
        let sum = |list: &Vec<u8>| [list.iter().sum(); 32];
        let one: Shared<Vec<u8>> = vec![1].into();
        assert_eq!(one.digest(sum), [1; 32]);
        assert_eq!(one.clone().digest(|_| [9; 32]), [1; 32]);
        let mut other = one.clone();
        other.push(2);
        assert_eq!((other.digest(sum), one.digest(sum)), ([3; 32], [1; 32]));
        other.push(3);
        assert_eq!(other.digest(sum), [6; 32]);
    }
}
