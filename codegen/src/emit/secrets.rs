//! The lists of what is secret in messages.

use proc_macro2::TokenStream;
use quote::quote;

use super::schemas::lower_first;
use crate::corpus::Secrets;

/// The lists, with fields as Kafka's JSON names them.
pub fn secrets(secrets: &Secrets) -> TokenStream {
    let Secrets {
        bytes,
        configs,
        topic_configs,
        words,
    } = secrets;
    let bytes = bytes.iter().map(|name| lower_first(&name.text));
    let [configs, topic_configs, words] =
        [configs, topic_configs, words].map(|names| names.iter().map(|name| &name.text));
    quote! {
        #[doc = " Fields of type bytes that are secret in every message."]
        const SECRET_BYTES: &[&str] = &[#(#bytes),*];
        #[doc = " The structs of configs in requests, responses and the metadata log."]
        const CONFIGS: &[&str] = &[#(#configs),*];
        #[doc = " The structs that are configs of topics, although nothing in them states it."]
        const TOPIC_CONFIGS: &[&str] = &[#(#topic_configs),*];
        #[doc = " Parts of the names of sensitive configs, Kafka's own and those of plugins."]
        const SECRET_WORDS: &[&str] = &[#(#words),*];
    }
}
