// session.mjs CLIENT MODE PORT...: what a program does with a client library of npm: "ioredis",
// "iovalkey", "redis" or "glide", "plain" (the first port) or "cluster". It says "ready" when the
// commands that it knows the answers of have come out right, and then increments counters until its
// stdin ends, and says so after every 200. Exits with 0 where each counter is what was acknowledged, and at most what failed more.
// In cluster mode these libraries send a command again by themselves whose connection ended with a
// node, as a new one: so many more may have been done as were under way when a node died.
import { createRequire } from "node:module";
import { strict as assert } from "node:assert";

const require = createRequire(process.env.CLIENTS_MODULES + "/");
const [name, mode, ...ports] = process.argv.slice(2);
const addresses = ports.map((port) => ({ host: "127.0.0.1", port: Number(port) }));

// A function that sends a command as an array of strings, one that closes, and one that tells such
// functions for all nodes; glide, which has a scan of its own, none of the last.
async function connect() {
    if (name === "ioredis" || name === "iovalkey") {
        const Library = require(name);
        const Redis = Library.default ?? Library;
        const options = { maxRetriesPerRequest: 50 };
        const client = mode === "cluster"
            ? new (Redis.Cluster ?? Library.Cluster)(addresses, { redisOptions: options })
            : new Redis({ ...addresses[0], ...options });
        client.on("error", () => {});
        // In capitals iovalkey does not find the key, and sends the command to any node.
        const sendTo = (node) => ([command, ...args]) => node.call(command.toLowerCase(), ...args);
        const nodes = () => (mode === "cluster" ? client.nodes("master") : [client]).map(sendTo);
        return [sendTo(client), () => client.disconnect(), nodes];
    }
    if (name === "redis") {
        const { createClient, createCluster } = require("redis");
        const client = mode === "cluster"
            ? createCluster({ rootNodes: addresses.map((socket) => ({ socket })) })
            : createClient({ socket: addresses[0] });
        client.on("error", () => {});
        await client.connect();
        const send = mode === "cluster"
            ? (args) => client.sendCommand(args[1], false, args)
            : (args) => client.sendCommand(args);
        const nodes = () => (mode === "cluster" ? client.masters : [null]).map((node) =>
            node === null ? send
                : async (args) => (await client.nodeClient(node)).sendCommand(args));
        return [send, () => client.destroy(), nodes];
    }
    const { GlideClient, GlideClusterClient } = require("@valkey/valkey-glide");
    const Kind = mode === "cluster" ? GlideClusterClient : GlideClient;
    const client = await Kind.createClient({
        addresses: mode === "cluster" ? addresses : addresses.slice(0, 1),
        requestTimeout: 15000,
    });
    return [(args) => client.customCommand(args), () => client.close()];
}

async function check(send) {
    const key = `{${name}-${mode}}`;
    assert.equal(await send(["SET", key, "v"]), "OK");
    assert.equal(await send(["GET", key]), "v");
    assert.equal(await send(["GET", key + "nosuch"]), null);
    assert.equal(Number(await send(["INCR", key + "n"])), 1);
    assert.equal(Number(await send(["APPEND", key, "w"])), 2);
    assert.deepEqual(await send(["MGET", key, key + "n", key + "nosuch"]), ["vw", "1", null]);
    assert.equal(Number(await send(["DEL", key, key + "n"])), 2);
    const many = [];
    for (let i = 0; i < 500; ++i) many.push(send(["SET", `${name}-${mode}-${i}`, String(i)]));
    assert.deepEqual(new Set(await Promise.all(many)), new Set(["OK"]));
    for (let i = 0; i < 500; ++i) {
        assert.equal(await send(["GET", `${name}-${mode}-${i}`]), String(i));
    }
}

// Every node is asked for its own keys, on a connection that is known by now by the keys it asked
// for, or is told MOVED in any case: none comes from two nodes.
async function checkScan(nodes) {
    const found = [];
    for (const send of nodes) {
        let cursor = "0";
        do {
            const scan = ["SCAN", cursor, "MATCH", `${name}-${mode}-*`, "COUNT", "100"];
            const [next, keys] = await send(scan);
            found.push(...keys.map(String));
            cursor = String(next);
        } while (cursor !== "0");
    }
    assert.equal(new Set(found).size, 500);
    assert.equal(found.length, 500);
}

// What a library does not handle itself is told, and is no reason to end.
process.on("unhandledRejection", (error) => {
    const text = "unhandled in the library: " + String(error.message ?? error).slice(0, 80);
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
});

let stop = false;
process.stdin.on("end", () => { stop = true; });
process.stdin.resume();

const counters = 32;
const done = new Array(counters).fill(0);
const failed = new Array(counters).fill(0);
let all = 0;  // that were done
const reasons = new Map();

async function count(send, worker) {
    for (let i = worker; !stop; ++i) {
        const at = i % counters;
        try {
            await send(["INCR", `${name}-${mode}-counter-${at}`]);
            ++done[at];
            if (++all % 200 === 0) console.log("at", all);
        } catch (error) {
            ++failed[at];
            const text = String(error.message ?? error).slice(0, 100);
            reasons.set(text, (reasons.get(text) ?? 0) + 1);
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
    }
}

// Where a node has just died the first attempts may fail.
async function read(send, key) {
    for (let attempt = 0; ; ++attempt) {
        try {
            return await send(["GET", key]);
        } catch (error) {
            if (attempt === 300) throw error;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }
}

const workers = 8;
const [send, close, nodes] = await connect();
await check(send);
if (nodes) await checkScan(nodes());
console.log("ready");
await Promise.all(Array.from({ length: workers }, (_, worker) => count(send, worker * 4)));
let exact = true;
let twice = mode === "cluster" ? workers : 0;
for (let at = 0; at < counters; ++at) {
    const value = Number(await read(send, `${name}-${mode}-counter-${at}`));
    twice -= Math.max(0, value - done[at] - failed[at]);
    if (value < done[at] || twice < 0) {
        exact = false;
        console.log(`counter ${at} is ${value}, ${done[at]} were acknowledged, ${failed[at]} failed`);
    }
}
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
console.log(`${sum(done)} increments, ${sum(failed)} failed`, [...reasons]);
if (sum(done) === 0) exact = false;
close();
process.exit(exact ? 0 : 1);
