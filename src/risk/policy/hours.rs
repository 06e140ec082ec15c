//! Hours of the week: change windows and peak hours.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// A stretch of the day on some days of the week. When it ends before it begins, it ends on the next day.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days on which it begins; without any, every day.
    #[serde(default)]
    pub days: Vec<Day>,
    #[serde(deserialize_with = "time")]
    pub from: Time,
    /// No longer in it.
    #[serde(deserialize_with = "time")]
    pub to: Time,
    /// The time zone by its name (`Europe/Vienna`); UTC unless said.
    #[serde(default = "utc", deserialize_with = "zone")]
    pub zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn of(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

fn utc() -> TimeZone {
    TimeZone::UTC
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom(format!("{text:?} is not a time of the day such as \"22:00\"")))
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name)
        .map_err(|_| de::Error::custom(format!("there is no time zone {name:?}; one is \"Europe/Vienna\"")))
}

impl Hours {
    /// Whether a moment is within.
    pub fn cover(&self, at: Timestamp) -> bool {
        let local: Zoned = at.to_zoned(self.zone.clone());
        let (time, today) = (local.time(), local.weekday());
        if self.from <= self.to {
            return self.begin_on(today) && time >= self.from && time < self.to;
        }
        let began_today = self.begin_on(today) && time >= self.from;
        let began_yesterday = self.begin_on(today.previous()) && time < self.to;
        began_today || began_yesterday
    }

    fn begin_on(&self, weekday: Weekday) -> bool {
        self.days.is_empty() || self.days.contains(&Day::of(weekday))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<&str> = self.days.iter().map(|day| day.name()).collect();
        let days = if days.is_empty() { "every day".to_owned() } else { days.join(", ") };
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{days} {} to {} ({zone})", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}
