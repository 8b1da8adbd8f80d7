package oracle;

/** One message definition and where its generated classes are. */
record MessageDef(String name, String type, int apiKey, Versions versions, Versions flexible, boolean latestUnstable,
                  StructDef root, String dataClass, String converterClass) {
}
