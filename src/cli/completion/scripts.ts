/**
 * What each shell sources. All of them ask the program itself, so that they never know less than it does. Each word has
 * a sign in front: without it an option that is being typed would be taken for one of the asking command.
 */
export const SCRIPTS = {
  bash: `# bash completion for sluice: source <(sluice completion bash)
_sluice() {
  local line found
  local -a words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" completion candidates "\${words[@]/#/=}" 2>/dev/null)
}
complete -o default -F _sluice sluice
`,
  zsh: `#compdef sluice
# zsh completion for sluice: sluice completion zsh > a file _sluice in a folder of $fpath
_sluice() {
  local line name
  local -a described
  for line in "\${(@f)$("\${words[1]}" completion candidates "\${(@)words[2,CURRENT]/#/=}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    name="\${line%%$'\\t'*}"
    described+=("\${name//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#described} )); then
    _describe -V sluice described
  else
    _files
  fi
}
if [[ $funcstack[1] == _sluice ]]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`,
  fish: `# fish completion for sluice: sluice completion fish > ~/.config/fish/completions/sluice.fish
function __sluice_candidates
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found ($words[1] completion candidates =$words[2..-1] "=$current" 2>/dev/null)
  if test (count $found) -gt 0
    string join \\n -- $found
  else
    __fish_complete_path "$current"
  end
end
complete -c sluice -f -a '(__sluice_candidates)'
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
