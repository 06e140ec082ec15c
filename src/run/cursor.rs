//! How far a backfill is, as the journal keeps it.

use crate::engine::{Row, Value};
use crate::{Error, Result};
use serde_json::{Value as Json, json};

/// Where the next batch starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cursor {
    /// Values of the key after which it goes on; none at the start.
    pub after: Option<Row>,
    pub walked: u64,
    pub changed: u64,
}

impl Cursor {
    pub fn write(&self) -> Result<String> {
        let after = self.after.as_ref().map(|row| row.iter().map(to_json).collect::<Option<Vec<_>>>());
        match after {
            Some(None) => Err(Error::internal("a key's value cannot be kept in the journal: it is no number")),
            Some(Some(after)) => {
                Ok(json!({"after": after, "walked": self.walked, "changed": self.changed}).to_string())
            }
            None => Ok(json!({"walked": self.walked, "changed": self.changed}).to_string()),
        }
    }

    pub fn read(text: &str) -> Result<Self> {
        let unreadable = || Error::internal("the journal's place in the backfill cannot be read");
        let json: Json = serde_json::from_str(text).map_err(|_| unreadable())?;
        let after = match json.get("after") {
            None | Some(Json::Null) => None,
            Some(Json::Array(values)) => {
                Some(values.iter().map(from_json).collect::<Option<Row>>().ok_or_else(unreadable)?)
            }
            Some(_) => return Err(unreadable()),
        };
        let number = |name: &str| json.get(name).and_then(Json::as_u64).unwrap_or(0);
        Ok(Self { after, walked: number("walked"), changed: number("changed") })
    }

    /// What a backfill that stopped here has done, in a sentence.
    pub fn told(&self) -> String {
        format!("{} rows were walked and {} changed; it can go on from there.", self.walked, self.changed)
    }
}

fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(i) => json!(i),
        // As text, which is read back to the last bit; a JSON number may not be.
        Value::Real(r) => json!({"real": r.is_finite().then(|| r.to_string())?}),
        Value::Text(t) => json!(t),
    })
}

fn from_json(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Int(n.as_i64()?),
        Json::String(t) => Value::Text(t.clone()),
        Json::Object(real) => Value::Real(real.get("real")?.as_str()?.parse().ok()?),
        Json::Array(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (-1e12..1e12f64).prop_map(Value::Real),
            ".*".prop_map(Value::Text),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(after in prop::option::of(prop::collection::vec(value(), 1..4)), walked: u64, changed: u64) {
            let cursor = Cursor { after, walked, changed };
            prop_assert_eq!(Cursor::read(&cursor.write().unwrap()).unwrap(), cursor);
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(Cursor::read("nonsense").is_err());
        assert!(Cursor::read(r#"{"after": 3}"#).is_err());
        assert!(Cursor { after: Some(vec![Value::Real(f64::NAN)]), ..Cursor::default() }.write().is_err());
    }
}
