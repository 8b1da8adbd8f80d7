//! Which messages someone wants, in which versions. How a message is cut down to them is in `narrow`.

mod narrow;

use std::ops::{Bound, RangeBounds};

use crate::fault::{Mistake, nearest};
use crate::ir::{Message, Protocol};
use crate::schema::Kind;
use crate::versions::Versions;

/// The selected part of a protocol.
#[derive(Clone, Debug, Default)]
pub struct Selection(Vec<Wanted>);

/// One line of a selection.
#[derive(Clone, Debug)]
struct Wanted {
    target: Target,
    name: String,
    versions: (Bound<i16>, Bound<i16>),
}

/// The kinds of things that have names.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An API: the request and the response.
    Api,
    /// An API: the request only.
    Request,
    /// An API: the response only.
    Response,
    /// A message of any kind.
    Message,
}

impl Selection {
    /// Adds the versions in `versions` of what `name` names. A side without a bound reaches as far
    /// as there are versions.
    pub fn add(&mut self, target: Target, name: &str, versions: impl RangeBounds<i16>) {
        self.0.push(Wanted {
            target,
            name: name.to_owned(),
            versions: (
                versions.start_bound().cloned(),
                versions.end_bound().cloned(),
            ),
        });
    }

    /// The protocol with only the messages that are wanted, each with only the versions that are.
    /// All APIs stay known.
    ///
    /// # Errors
    ///
    /// All mistakes in the selection.
    pub fn apply(&self, protocol: Protocol) -> Result<Protocol, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        if self.0.is_empty() {
            mistakes.push(Mistake::new(
                "nothing is selected",
                "name an API, as in `.api(\"Metadata\", ..)`",
            ));
        }
        let mut wanted: Vec<Option<Versions>> = vec![None; protocol.messages.len()];
        for line in &self.0 {
            if let Err(mistake) = line.mark(&protocol, &mut wanted) {
                mistakes.push(mistake);
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let messages = protocol.messages.into_iter().zip(wanted);
        Ok(Protocol {
            messages: messages
                .filter_map(|(message, versions)| Some(narrow::message(message, versions?)))
                .collect(),
            ..protocol
        })
    }
}

impl Wanted {
    /// Notes the wanted versions beside each message that is wanted.
    fn mark(&self, protocol: &Protocol, wanted: &mut [Option<Versions>]) -> Result<(), Mistake> {
        let mut found = false;
        for (message, wanted) in protocol.messages.iter().zip(wanted) {
            if !self.names(message) {
                continue;
            }
            found = true;
            let versions = self.versions_of(message)?;
            if wanted.replace(versions).is_some() {
                return Err(Mistake::new(
                    format!("{} is selected twice", message.name),
                    "select it once, with one range of versions",
                ));
            }
        }
        if found {
            Ok(())
        } else {
            Err(self.unknown(protocol))
        }
    }

    fn names(&self, message: &Message) -> bool {
        let kinds: &[Kind] = match self.target {
            Target::Api => &[Kind::Request, Kind::Response],
            Target::Request => &[Kind::Request],
            Target::Response => &[Kind::Response],
            Target::Message => return message.name == self.name,
        };
        kinds.contains(&message.kind) && message.stem() == self.name
    }

    /// The wanted versions of `message`, which has all of them.
    fn versions_of(&self, message: &Message) -> Result<Versions, Mistake> {
        let known = message.versions;
        let (Some(lowest), Some(highest)) = (known.lowest(), known.highest()) else {
            return Ok(known);
        };
        let from = match self.versions.0 {
            Bound::Included(version) => version,
            Bound::Excluded(version) => version.saturating_add(1),
            Bound::Unbounded => lowest,
        };
        let to = match self.versions.1 {
            Bound::Included(version) => version,
            Bound::Excluded(version) => version.saturating_sub(1),
            Bound::Unbounded => highest.max(from),
        };
        if let Some(outside) = [from, to].into_iter().find(|v| !known.contains(*v)) {
            let (from, to) = (from.clamp(lowest, highest), to.clamp(lowest, highest));
            let narrower = (from <= to && (from, to) != (lowest, highest))
                .then(|| format!("`{from}..={to}`, or "));
            return Err(Mistake::new(
                format!("{} has no version {outside}: it has {known}", self.name),
                format!("write {}`..` for all of them", narrower.unwrap_or_default()),
            ));
        }
        let versions = Versions::new(from, to);
        if versions.is_empty() {
            return Err(Mistake::new(
                format!("the versions {from}..={to} of {} run backwards", self.name),
                format!("write `{to}..={from}`, or `..` for all of them"),
            ));
        }
        Ok(versions)
    }

    /// What to say of a name that there is no message for.
    fn unknown(&self, protocol: &Protocol) -> Mistake {
        let name = &self.name;
        let is_api = |name: &str| protocol.apis.iter().any(|api| api.name == name);
        if self.target == Target::Message {
            let known = protocol.messages.iter().map(|message| &*message.name);
            let right = if is_api(name) {
                Some(format!("`{name}` is an API: write `.api(\"{name}\", ..)`"))
            } else {
                suggest(name, known)
            };
            return Mistake::new(
                format!("there is no message `{name}`"),
                right.unwrap_or_else(|| "messages have the names of their definitions".to_owned()),
            );
        }
        let stem = name
            .strip_suffix("Request")
            .or_else(|| name.strip_suffix("Response"))
            .filter(|stem| is_api(stem));
        let right = match stem {
            Some(stem) => Some(format!("the API is `{stem}`")),
            None if protocol
                .messages
                .iter()
                .any(|message| message.name == *name) =>
            {
                Some(format!(
                    "`{name}` is a message without an API: write `.message(\"{name}\", ..)`"
                ))
            }
            None => suggest(name, protocol.apis.iter().map(|api| &*api.name)),
        };
        Mistake::new(
            format!("there is no API `{name}`"),
            right.unwrap_or_else(|| "APIs have Kafka's names, such as `Metadata`".to_owned()),
        )
    }
}

fn suggest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let known: Vec<_> = known.collect();
    nearest(name, &known).map(|near| format!("did you mean `{near}`?"))
}
