//! Names given by the user: what `kafka-topics --describe` prints, or JSON.

use kafka_codec::wire::Uuid;
use serde_json::Value;
use thiserror::Error;

use super::TopicNames;

/// An error of reading topic names.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TopicsFileError {
    /// The text begins like JSON, but is not.
    #[error("invalid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Nothing in the text names a topic id.
    #[error(
        "no topic ids in it; expected the output of kafka-topics --describe, or JSON with topic names and ids"
    )]
    NoTopics,
}

impl TopicNames {
    /// Reads names from the output of `kafka-topics --describe`, or from JSON: an object that maps names to ids
    /// or ids to names, or objects with `name` or `topic` and `topicId` or `id` anywhere in it, such as a
    /// `Metadata` response. Returns the number of names read.
    ///
    /// # Errors
    ///
    /// [`TopicsFileError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_capture::TopicNames;
    ///
    /// let mut names = TopicNames::default();
    /// let described = "Topic: orders\tTopicId: hKTr0Xh2TEWvdJmSSvdnSg\tPartitionCount: 1";
    /// assert_eq!(names.read(described)?, 1);
    /// assert_eq!(names.read(r#"{"payments": "jKTr0Xh2TEWvdJmSSvdnSg"}"#)?, 1);
    /// assert_eq!(names.name("hKTr0Xh2TEWvdJmSSvdnSg".parse()?), Some("orders"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&mut self, text: &str) -> Result<usize, TopicsFileError> {
        let found = match text.trim_start().bytes().next() {
            Some(b'{' | b'[') => {
                let mut found = Vec::new();
                for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
                    collect(&value?, &mut found);
                }
                found
            }
            _ => text.lines().filter_map(described).collect(),
        };
        if found.is_empty() {
            return Err(TopicsFileError::NoTopics);
        }
        for (name, id) in &found {
            self.insert(*id, name);
        }
        Ok(found.len())
    }
}

/// `Topic: orders TopicId: hKTr0Xh2TEWvdJmSSvdnSg PartitionCount: 1 ..`, in any order.
fn described(line: &str) -> Option<(String, Uuid)> {
    let words: Vec<_> = line.split_whitespace().collect();
    let after = |label: &str| {
        let pair = words.windows(2).find(|pair| pair.first() == Some(&label));
        pair.and_then(|pair| pair.last().copied())
    };
    let id = after("TopicId:")?.parse().ok()?;
    Some((after("Topic:")?.to_owned(), id))
}

fn collect(value: &Value, found: &mut Vec<(String, Uuid)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(members) => {
            let text = |names: [&str; 2]| {
                let member = names.iter().find_map(|name| members.get(*name));
                member.and_then(Value::as_str)
            };
            let id = text(["topicId", "id"]).and_then(|id| id.parse().ok());
            if let (Some(name), Some(id)) = (text(["name", "topic"]), id) {
                found.push((name.to_owned(), id));
                return;
            }
            for (name, value) in members {
                match value {
                    Value::String(text) => match (text.parse(), name.parse()) {
                        (Ok(id), _) => found.push((name.clone(), id)),
                        (_, Ok(id)) => found.push((text.clone(), id)),
                        _ => {}
                    },
                    other => collect(other, found),
                }
            }
        }
        _ => {}
    }
}
