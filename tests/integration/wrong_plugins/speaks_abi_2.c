/* A plugin for a contract that does not exist yet. */
__attribute__((visibility("default"))) const int postern_plugin_v2 = 2;
