//! `kafka-codegen table`: what there is, one line a message.

use crate::corpus::Corpus;
use crate::fault::Faults;
use crate::ir::Message;
use crate::resolve;
use crate::schema::Definition;
use crate::versions::Versions;

/// One column of a line.
type Columns = [String; 8];

const HEADINGS: [&str; 8] = [
    "key", "name", "module", "versions", "flexible", "structs", "fields", "tags",
];

/// All messages, sorted by module and name, in aligned columns with headings.
///
/// The columns never hold spaces, so that they can be cut at them; `-` stands for nothing.
///
/// # Errors
///
/// All faults of all definitions.
pub fn table(corpus: &Corpus) -> Result<String, Faults> {
    let protocol = resolve::resolve(corpus)?;
    let lines = corpus.definitions.iter().map(|(module, definition)| {
        let messages = &mut protocol.messages.iter();
        let message = messages.find(|message| message.name == definition.name);
        line(module, definition, message)
    });
    let lines: Vec<Columns> = [HEADINGS.map(str::to_owned)]
        .into_iter()
        .chain(lines)
        .collect();
    let widths = (0..HEADINGS.len()).map(|column| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(String::len).max().unwrap_or_default()
    });
    let widths: Vec<usize> = widths.collect();
    let text = lines.iter().map(|line| {
        let cells = line.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    });
    Ok(text.collect())
}

/// The line of a message; of a retired one there is only the definition.
fn line(module: &str, definition: &Definition, message: Option<&Message>) -> Columns {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let some = |versions: Versions| (!versions.is_empty()).then(|| versions.to_string());
    let count = |count: fn(&Message) -> usize| or_nothing(message.map(|m| count(m).to_string()));
    [
        or_nothing(definition.api_key.map(|key| key.to_string())),
        definition.name.clone(),
        module.to_owned(),
        or_nothing(some(definition.valid_versions)),
        or_nothing(some(definition.flexible_versions)),
        count(|message| message.structs.len()),
        count(|message| message.structs.iter().map(|entry| entry.fields.len()).sum()),
        count(|message| {
            let fields = message.structs.iter().flat_map(|entry| &entry.fields);
            fields.filter(|field| field.tag.is_some()).count()
        }),
    ]
}
