//! The format in which values travel: MessagePack, structs as maps.
//!
//! Structs are maps with the names of their fields, so that fields which are skipped, flattened or added later are
//! understood. Arrays would be shorter, and wrong for a struct that skips a field.

use rmp_serde::{Deserializer, Serializer};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Appends a value to `bytes`. The error says what is wrong with the value.
pub(super) fn encode<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), String> {
    value
        .serialize(&mut Serializer::new(bytes).with_struct_map())
        .map_err(|error| error.to_string())
}

/// Takes a value off the front of `bytes`. The error says what is wrong with them.
pub(super) fn decode<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, String> {
    T::deserialize(&mut Deserializer::new(bytes)).map_err(|error| error.to_string())
}

/// Whether all was taken off.
pub(super) fn end(bytes: &[u8]) -> Result<(), String> {
    if bytes.is_empty() { Ok(()) } else { Err(format!("{} bytes too many", bytes.len())) }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, end};
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
        let mut bytes = Vec::new();
        encode(&value, &mut bytes).unwrap();
        let mut rest = &bytes[..];
        assert_eq!(decode::<T>(&mut rest).unwrap(), value);
        end(rest).unwrap();
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        first: Option<u8>,
        last: u8,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Untagged {
        Number(u64),
        Text(String),
        Pair { left: i8, right: i8 },
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Tagged {
        Unit,
        Tuple(u8, char),
        Struct { deep: Box<Option<Tagged>> },
    }

    #[test]
    fn what_other_formats_lose_comes_back() {
        there_and_back(f64::INFINITY);
        there_and_back(BTreeMap::from(
            [((1, 2), "pair")].map(|(key, text)| (key, text.to_owned())),
        ));
        there_and_back(Skipping { first: None, last: 7 });
        there_and_back(Flat { id: 1, rest: BTreeMap::from([("two".to_owned(), 2)]) });
        there_and_back([
            Untagged::Number(u64::MAX),
            Untagged::Text("ü".into()),
            Untagged::Pair { left: -1, right: 1 },
        ]);
        there_and_back([
            Tagged::Unit,
            Tagged::Tuple(1, 'ß'),
            Tagged::Struct { deep: Box::new(Some(Tagged::Unit)) },
        ]);
        there_and_back(((), Some(Some(1_u128)), vec![Ok::<u8, String>(1), Err("no".into())]));
    }

    #[test]
    fn a_field_that_is_added_may_have_a_default() {
        #[derive(Serialize)]
        struct Old {
            id: u8,
        }
        #[derive(Deserialize)]
        struct New {
            id: u8,
            #[serde(default)]
            name: String,
        }
        let mut bytes = Vec::new();
        encode(&Old { id: 7 }, &mut bytes).unwrap();
        let new: New = decode(&mut &bytes[..]).unwrap();
        assert_eq!((new.id, new.name), (7, String::new()));
    }

    #[test]
    fn values_that_follow_each_other_are_taken_off_one_by_one() {
        let mut bytes = Vec::new();
        encode("one", &mut bytes).unwrap();
        encode(&2_u8, &mut bytes).unwrap();
        let mut rest = &bytes[..];
        assert_eq!(decode::<String>(&mut rest).unwrap(), "one");
        assert_eq!(end(rest), Err("1 bytes too many".into()));
        assert_eq!(decode::<u8>(&mut rest).unwrap(), 2);
        assert!(decode::<u8>(&mut rest).is_err());
    }
}
