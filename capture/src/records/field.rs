//! The `records` fields of messages, as the JSON array that stands in their place.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use kafka_codec::records::Entries;
use kafka_codec::schema::Schema;
use kafka_codec::schema::json::{RecordsForm, WriteRecords};
use kafka_codec::{ApiKey, Version};

use super::{Object, RecordOptions, Show, Style, Topics};

/// Shows the records of messages.
pub(crate) struct Field {
    state: Arc<Mutex<State>>,
    write: Box<WriteRecords>,
}

struct State {
    show: Show,
    style: Style,
    topics: Topics,
    has_fault: bool,
    /// A batch, until it is whole.
    line: Vec<u8>,
}

impl Field {
    pub(crate) fn new(options: RecordOptions, style: Style) -> Self {
        let state = Arc::new(Mutex::new(State {
            show: Show::new(options),
            style,
            topics: Topics::default(),
            has_fault: false,
            line: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let write: Box<WriteRecords> = Box::new(move |records, out| {
            let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
            state.write(records, out)
        });
        Self { state, write }
    }

    /// Begins with another message.
    pub(crate) fn begin(
        &self,
        api: ApiKey,
        schema: &'static Schema,
        version: Version,
        body: &[u8],
    ) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.show.begin();
        state.has_fault = false;
        if state.show.options.internal {
            state.topics.look_at(api, schema, version, body);
        }
    }

    /// What writes the records of the message.
    pub(crate) fn form(&self) -> RecordsForm<'_> {
        RecordsForm::With(&*self.write)
    }

    /// Returns `true` if something was wrong with the records of the message, as far as they were looked at.
    pub(crate) fn has_fault(&self) -> bool {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .has_fault
    }
}

impl State {
    fn write(&mut self, records: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let topic = self.topics.of(records);
        let style = self.style;
        let mut entries = Entries::new(records);
        let mut left_out = 0_usize;
        out.write_all(b"[")?;
        for index in 0_usize.. {
            let position = entries.position();
            let Some(entry) = entries.next() else { break };
            if index >= style.max_elements {
                left_out += 1;
                continue;
            }
            self.line.clear();
            if index > 0 {
                self.line.push(b',');
            }
            if let Some(indent) = style.indent {
                self.line.extend_from_slice(indent.as_bytes());
            }
            let mut object = Object::open(&mut self.line);
            match entry {
                Ok(entry) => {
                    self.has_fault |= self.show.entry(&mut object, entry, topic, &style);
                }
                Err(error) => {
                    self.has_fault = true;
                    object.plain("position", position);
                    object.plain("size", entries.rest().len());
                    object.string("error", &error.to_string());
                }
            }
            object.close();
            out.write_all(&self.line)?;
        }
        if left_out > 0 {
            write!(out, ",\"…({left_out} more)\"")?;
        }
        // A single batch can be as long as the largest message.
        self.line.shrink_to(1 << 20);
        out.write_all(b"]")
    }
}
