//! The versions of new migrations.

use super::File;
use super::text::leading_digits;
use crate::{Error, Result};
use jiff::civil::DateTime;
use jiff::{ToSpan, fmt::strtime};

/// From where versions are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The time now, in UTC.
    pub now: DateTime,
    /// The first version, where it was asked for.
    pub from: Option<String>,
}

/// How a framework counts where a folder is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// `20260131101500`.
    Time,
    /// 1, 2, 3 in so many digits.
    Sequence(usize),
}

/// `count` versions after all those of `existing` files, in the folder's own manner.
///
/// # Errors
/// `Usage` when the wanted first version is not a number, or not after what is there.
pub(super) fn versions(count: usize, existing: &[File], start: &Start, habit: Habit) -> Result<Vec<String>> {
    let last = existing.iter().filter_map(version_of).max_by_key(|digits| number(digits));
    if let Some(from) = &start.from {
        if from.is_empty() || from.len() > 30 || !from.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::usage(format!("{from:?} is not the number of a version"))
                .hint("Write --version-from 42, 000042 or 20260131101500."));
        }
        if let Some(last) = last.filter(|last| number(last) >= number(from)) {
            return Err(Error::usage(format!("version {from} is not after {last}, which the folder has already"))
                .hint("Take a later one, or leave --version-from out."));
        }
        return Ok(count_from(from, count));
    }
    let first = match (&last, habit) {
        (Some(last), _) => match time(last) {
            Some(last) => stamp(start.now.max(last.saturating_add(1.second()))),
            None => format!("{:0width$}", number(last) + 1, width = last.len()),
        },
        (None, Habit::Time) => stamp(start.now),
        (None, Habit::Sequence(width)) => format!("{:0width$}", 1),
    };
    Ok(count_from(&first, count))
}

/// The version that a file's or its folder's name begins with, in digits.
fn version_of(file: &File) -> Option<String> {
    let first = file.path.split('/').next()?;
    let first = first.strip_prefix(['V', 'U']).unwrap_or(first);
    // Diesel writes dates with dashes: 2026-01-31-101500-0000_name.
    let bare: String = if first.bytes().take(5).filter(|b| *b == b'-').count() == 1 {
        first.split('_').next()?.chars().filter(|c| *c != '-').take(14).collect()
    } else {
        first.to_owned()
    };
    leading_digits(&bare).filter(|(digits, _)| digits.len() <= 30).map(|(digits, _)| digits.to_owned())
}

fn number(digits: &str) -> u128 {
    digits.parse().unwrap_or(0)
}

fn time(digits: &str) -> Option<DateTime> {
    (digits.len() == 14).then(|| strtime::parse("%Y%m%d%H%M%S", digits).ok()?.to_datetime().ok())?
}

fn stamp(time: DateTime) -> String {
    time.strftime("%Y%m%d%H%M%S").to_string()
}

fn count_from(first: &str, count: usize) -> Vec<String> {
    if let Some(time) = time(first) {
        return (0i64..).take(count).map(|n| stamp(time.saturating_add(n.seconds()))).collect();
    }
    let (start, width) = (number(first), first.len());
    (start..).take(count).map(|n| format!("{n:0width$}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn next(existing: &[&str], from: Option<&str>, habit: Habit) -> Result<Vec<String>> {
        let files: Vec<File> = existing.iter().map(|path| File::new(*path, "")).collect();
        let start = Start { now: date(2026, 1, 31).at(23, 59, 59, 0), from: from.map(str::to_owned) };
        versions(2, &files, &start, habit)
    }

    #[test]
    fn versions_go_on_in_the_manner_of_the_folder() {
        assert_eq!(next(&[], None, Habit::Time).unwrap(), ["20260131235959", "20260201000000"]);
        assert_eq!(next(&[], None, Habit::Sequence(4)).unwrap(), ["0001", "0002"]);
        assert_eq!(next(&["000009_a.up.sql"], None, Habit::Time).unwrap(), ["000010", "000011"]);
        assert_eq!(next(&["V7__a.sql", "V1_2__b.sql"], None, Habit::Time).unwrap(), ["8", "9"]);
        let later = next(&["20300101000000_a/migration.sql"], None, Habit::Time).unwrap();
        assert_eq!(later, ["20300101000001", "20300101000002"]);
        let dashed = next(&["2030-01-01-000000-0000_a/up.sql"], None, Habit::Time).unwrap();
        assert_eq!(dashed, ["20300101000001", "20300101000002"]);
    }

    #[test]
    fn a_wanted_version_must_come_after_what_is_there() {
        assert_eq!(next(&["0003_a.sql"], Some("0010"), Habit::Time).unwrap(), ["0010", "0011"]);
        assert!(next(&["0003_a.sql"], Some("0003"), Habit::Time).is_err());
        assert!(next(&[], Some("v1"), Habit::Time).is_err());
    }
}
