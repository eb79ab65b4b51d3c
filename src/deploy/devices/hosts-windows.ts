/** The hosts file of Windows, by PowerShell; marked as on the others. Bytes stay bytes, whatever their encoding. */
import { type DeviceFacts, pairsOf } from './facts.ts';
import type { HostsCommands } from './hosts-unix.ts';

/** One line each. */
export function windowsHosts(facts: DeviceFacts): HostsCommands {
  const { zone } = facts;
  const pattern = zone.replaceAll('.', String.raw`\.`);
  // From a first mark to the nearest second one, over no other first mark.
  const block = String.raw`\r\n(?:(?!# BEGIN postern )[^\r\n]*\r\n)*?# END postern ${pattern}\r\n`;
  const joined = String.raw`\r\n# BEGIN postern ${pattern} joined${block}\z`;
  const apart = String.raw`(?<=\A|\n)# BEGIN postern ${pattern}(?: joined)?${block}`;
  const begin = [
    String.raw`$h="$env:SystemRoot\System32\drivers\etc\hosts"`,
    '$l=[Text.Encoding]::GetEncoding(28591)',
    '$t=$l.GetString([IO.File]::ReadAllBytes($h))',
    `$n=$t -creplace '${joined}','' -creplace '${apart}',''`,
  ];
  const lines = pairsOf(facts).map(({ name, address }) => `${address} ${name}\`r\`n`);
  const add = [
    `if($n -and [int]$n[-1] -ne 10){$n+="\`r\`n# BEGIN postern ${zone} joined\`r\`n"}` +
      `else{$n+="# BEGIN postern ${zone}\`r\`n"}`,
    `$n+="${lines.join('')}# END postern ${zone}\`r\`n"`,
  ];
  const end = ['if($n -cne $t){[IO.File]::WriteAllBytes($h,$l.GetBytes($n))}', 'ipconfig /flushdns'];
  return { install: [...begin, ...add, ...end].join(';'), undo: [...begin, ...end].join(';') };
}
