import { type Define, jsonOption, workOption } from './command.ts';
import { explainCommand, replayDecisionCommand } from './ledger/decisions.ts';
import { exportCommand, listCommand, showCommand } from './ledger/records.ts';
import { verifyCommand } from './ledger/verify.ts';

const defineRecords: Define = (command, { io, parts, run }) => {
  command
    .command('list')
    .description('list the newest records in plain words')
    .option('--limit <n>', 'newest records shown', '50')
    .option('--subject <lane>', 'only this service/environment')
    .option('--type <type>', 'only this type')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => listCommand(io, o, parts)));
  command
    .command('show')
    .description('show one record as it is stored')
    .argument('<seq>')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((seq, o) => run(() => showCommand(io, seq, o, parts)));
  command
    .command('verify')
    .description('check that no record was changed, removed or reordered, and that no anchored one is gone')
    .option('--file <file>', 'an export instead of the ledger itself')
    .option('--anchor <where>', 'SEQ:HASH seen before, or the repository with the anchors: finds a cut tail')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => verifyCommand(io, o, parts)));
  command
    .command('export')
    .description('JSON Lines, exactly as stored, or CloudEvents')
    .option('--format <format>', 'jsonl or cloudevents', 'jsonl')
    .addOption(workOption(io))
    .action((o) => run(() => exportCommand(io, o, parts)));
};

const defineDecisions: Define = (command, { io, parts, run }) => {
  command
    .command('replay')
    .description('a decision recomputed from its recorded facts by its recorded policy')
    .argument('<decision>', 'as d-…')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((id, o) => run(() => replayDecisionCommand(io, id, o, parts)));
  command
    .command('explain')
    .description('tell why a release or a decision ended as it did')
    .argument('<what>', 'a release, as service.environment.number, or a decision, as d-…')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((id, o) => run(() => explainCommand(io, id, o, parts)));
};

export const define: Define = (command, context) => {
  defineRecords(command, context);
  defineDecisions(command, context);
};
