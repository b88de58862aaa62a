import { type Define, jsonOption } from './command.ts';
import { explainCommand, replayDecisionCommand } from './ledger/decisions.ts';
import { exportCommand, listCommand, showCommand } from './ledger/records.ts';
import { verifyCommand } from './ledger/verify.ts';
import { contextOption, serverOption, workOption } from './server-address.ts';

const defineRecords: Define = (command, { io, parts, run }) => {
  command
    .command('list')
    .description('List the newest records in plain text')
    .option('--limit <n>', 'number of records to show', '50')
    .option('--subject <lane>', 'only records of this service/environment')
    .option('--type <type>', 'only records of this type')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => listCommand(io, o, parts)));
  command
    .command('show')
    .description('Show one record as stored')
    .argument('<seq>', 'number of the record; see sluice ledger list')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((seq, o) => run(() => showCommand(io, seq, o, parts)));
  command
    .command('verify')
    .description(
      'Verify that no record was changed, removed or reordered, and that no anchored record is missing',
    )
    .option('--file <file>', 'verify an export instead of the ledger')
    .option(
      '--anchor <where>',
      'SEQ:HASH noted earlier, or the repository with the anchors: detects a truncated ledger',
    )
    .option('--public-key <file...>', 'require anchors signed by this key, or by one of these')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((o) => run(() => verifyCommand(io, o, parts)));
  command
    .command('export')
    .description('Export the ledger as JSON Lines, exactly as stored, or as CloudEvents')
    .option('--format <format>', 'jsonl or cloudevents', 'jsonl')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .action((o) => run(() => exportCommand(io, o, parts)));
};

const defineDecisions: Define = (command, { io, parts, run }) => {
  command
    .command('replay')
    .description('Recompute a decision from its recorded facts with its recorded policy')
    .argument('<decision>', 'id of the decision, d-…')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((id, o) => run(() => replayDecisionCommand(io, id, o, parts)));
  command
    .command('explain')
    .description('Explain the outcome of a release or a decision')
    .argument('<what>', 'a release, as service.environment.number, or a decision, as d-…')
    .addOption(workOption(io))
    .addOption(serverOption(io))
    .addOption(contextOption(io))
    .addOption(jsonOption())
    .action((id, o) => run(() => explainCommand(io, id, o, parts)));
};

export const define: Define = (command, context) => {
  defineRecords(command, context);
  defineDecisions(command, context);
};
