// parse.mjs KIND FILE...: what a parser makes of each file, as one JSON document on stdout: [{"file", "errors": [...], ...}].
//
// powershell: "commands": [{"name", "parameters": [...]}]. bicep: "resources": ["type@version"], "names": [...]. hcl (Terraform, Packer,
// by HashiCorp's own parser): "value", the file as JSON. NODE_MODULES is the folder with the parsers.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const modules = process.env.NODE_MODULES;
const require = createRequire(join(modules, 'x.cjs'));
const [kind, ...files] = process.argv.slice(2);

async function parserOf(grammar) {
	const { Parser, Language } = await import(pathToFileURL(join(modules, 'web-tree-sitter/web-tree-sitter.js')));
	await Parser.init();
	const parser = new Parser();
	parser.setLanguage(await Language.load(join(modules, grammar, `${grammar}.wasm`)));
	return parser;
}

function* all(node) {
	yield node;
	for (const child of node.children) yield* all(child);
}

// What the parser could not read, or had to put in to go on.
function errorsOf(root) {
	const errors = [];
	for (const node of all(root))
		if (node.isError || node.isMissing)
			errors.push(`line ${node.startPosition.row + 1}: ${node.isMissing ? 'missing ' + node.type : node.text.slice(0, 60)}`);
	return errors;
}

function powershell(root) {
	const commands = [];
	for (const node of all(root)) {
		if (node.type !== 'command') continue;
		const name = node.childForFieldName('command_name');
		const parameters = [...all(node)].filter((n) => n.type === 'command_parameter').map((n) => n.text);
		commands.push({ name: name ? name.text : '', parameters });
	}
	return { commands };
}

function bicep(root) {
	const resources = [], names = [];
	for (const node of all(root)) {
		if (node.type === 'resource_declaration') {
			const type = [...all(node)].find((n) => n.type === 'string');
			resources.push(type ? type.text.slice(1, -1) : '');
		}
		if (/^(parameter|variable|output)_declaration$/.test(node.type)) names.push(node.text.split(/[\s=]+/)[1]);
	}
	return { resources, names };
}

async function read(file) {
	const text = readFileSync(file, 'utf8');
	if (kind === 'hcl') {
		try {
			return { errors: [], value: await require('@cdktf/hcl2json').parse(file, text) };
		} catch (e) {
			return { errors: [String(e)] };
		}
	}
	const root = (await parserOf(`tree-sitter-${kind}`)).parse(text).rootNode;
	return { errors: errorsOf(root), ...(kind === 'bicep' ? bicep(root) : powershell(root)) };
}

if (!['powershell', 'bicep', 'hcl'].includes(kind) || files.length === 0) {
	console.error('usage: parse.mjs powershell|bicep|hcl FILE...');
	process.exit(2);
}
const answers = [];
for (const file of files) answers.push({ file, ...(await read(file)) });
console.log(JSON.stringify(answers, null, 1));
