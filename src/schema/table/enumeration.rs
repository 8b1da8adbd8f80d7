//! The values of a field that have names.

/// The values of a field that have names. Fields may hold other values.
///
/// # Examples
///
/// ```
/// use kafka_codec::ApiKey;
/// use kafka_codec::schema::Schema;
///
/// let fields = Schema::of_request(ApiKey::Fetch).expect("known").root().fields();
/// let field = fields.iter().find(|field| field.name() == "isolationLevel").unwrap();
/// let enumeration = field.enumeration().unwrap();
/// assert_eq!(enumeration.name(), "IsolationLevel");
/// assert_eq!(enumeration.name_of(1), Some("READ_COMMITTED"));
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Enumeration {
    name: &'static str,
    numbers: &'static [(i64, &'static str)],
    texts: &'static [&'static str],
}

impl Enumeration {
    pub(crate) const fn of_numbers(
        name: &'static str,
        numbers: &'static [(i64, &'static str)],
    ) -> Self {
        Self {
            name,
            numbers,
            texts: &[],
        }
    }

    pub(crate) const fn of_texts(name: &'static str, texts: &'static [&'static str]) -> Self {
        Self {
            name,
            numbers: &[],
            texts,
        }
    }

    /// The name of its type in the module [`enumerations`](crate::enumerations), or `ErrorCode`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The numbers and their names, by number; none if the values are text.
    #[must_use]
    pub const fn numbers(&self) -> &'static [(i64, &'static str)] {
        self.numbers
    }

    /// The values of a field that holds text; none if they are numbers.
    #[must_use]
    pub const fn texts(&self) -> &'static [&'static str] {
        self.texts
    }

    /// The name of a number; `None` if the number has none.
    #[must_use]
    pub fn name_of(&self, number: i64) -> Option<&'static str> {
        let place = self
            .numbers
            .binary_search_by_key(&number, |(known, _)| *known);
        self.numbers.get(place.ok()?).map(|(_, name)| *name)
    }
}
