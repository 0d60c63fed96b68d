// smtp-server, which accepts every message and drops it: smtp_server.js FOLDER-OF-NODE-MODULES [CERT KEY]
'use strict';
const fs = require('fs');
const path = require('path');
const [modules, cert, key] = process.argv.slice(2);
const { SMTPServer } = require(path.join(modules, 'smtp-server'));
let messages = 0;
const server = new SMTPServer({
    authOptional: true,
    disabledCommands: cert ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    ...(cert ? { cert: fs.readFileSync(cert), key: fs.readFileSync(key) } : {}),
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, done) {
        stream.on('end', () => {
            messages += 1;
            done();
        });
        stream.resume();
    },
});
server.on('error', () => {}); // a client that goes away
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.server.address().port}`));
process.on('SIGUSR2', () => console.log(`counted ${messages}`));
