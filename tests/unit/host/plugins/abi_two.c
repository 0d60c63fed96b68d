/* What a plugin for the next major version of the contract will look like from here. */
extern const int postern_plugin_v2;
const int postern_plugin_v2 = 2;
