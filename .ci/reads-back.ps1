# PowerShell (or Nushell) reads back exactly what mcpcred wrote for it: .ci/reads-back.ps1 PROGRAM [-Nushell NU]
param([Parameter(Mandatory)][string]$Program, [string]$Nushell)
$ErrorActionPreference = 'Stop'

$folder = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
$null = New-Item -ItemType Directory $folder
$env:MCPCRED_DATA_DIR = Join-Path $folder 'data'
$env:MCPCRED_CONFIG_DIR = Join-Path $folder 'config'
$env:MCPCRED_STORE = 'vault'
$program = (Resolve-Path $Program).Path
$key = Join-Path $folder 'key'
& $program store init --new-key-file $key
if ($LASTEXITCODE -ne 0) { throw "store init ended with $LASTEXITCODE" }
$env:MCPCRED_KEY_FILE = $key

# ASCII, quotes of every kind, what would run, and what is not ASCII.
$values = [ordered]@{
    PLAIN   = 'ghp_0123456789abcdefABCDEF'
    QUOTES  = "it's `"quoted`", $([char]0x2018)twice$([char]0x2019)"
    RUNS    = '$(New-Item pwned) `whoami` ; calc & | %PATH% {0}'
    UNICODE = "gr$([char]0xfc)$([char]0xdf)e $([char]0x6c34) $([char]::ConvertFromUtf32(0x1f511))"
    LINES   = "first`nsecond`tand`r`nthird"
}
foreach ($name in $values.Keys) {
    $file = Join-Path $folder 'value'
    [IO.File]::WriteAllBytes($file, [Text.Encoding]::UTF8.GetBytes($values[$name]))
    & $program add $name --from-file $file
    if ($LASTEXITCODE -ne 0) { throw "add $name ended with $LASTEXITCODE" }
}

if (-not $Nushell) {
    # A shell that a person opens loads them by the lines of `init`; one that runs a command and ends loads nothing.
    $startup = Join-Path $folder 'startup.ps1'
    [IO.File]::WriteAllLines($startup, [string[]](& $program init powershell))
    $shell = (Get-Process -Id $PID).Path
    $show = ". '$startup'; [Console]::Out.Write(`$env:PLAIN); exit"
    $opened = (& $shell -NoLogo -NoProfile -NoExit -Command $show) -join ''
    if ($opened -cne $values['PLAIN']) { throw "the lines of init do not load it into a shell: $opened" }
    $passing = (& $shell -NoLogo -NoProfile -Command $show) -join ''
    if ($passing -cne '') { throw 'the lines of init load it into a shell that nobody sits before' }
}

if ($Nushell) {
    $lines = Join-Path $folder 'lines'
    [IO.File]::WriteAllText((Join-Path $folder 'read.nu'), @'
^$env.PROGRAM export-env --shell nu | from nuon | load-env
for name in [PLAIN QUOTES RUNS UNICODE LINES] {
    $env | get $name | encode utf-8 | save --raw --force ($env.FOLDER | path join $name)
}
'@)
    $env:PROGRAM = $program
    $env:FOLDER = $folder
    & $Nushell -n (Join-Path $folder 'read.nu')
    if ($LASTEXITCODE -ne 0) { throw "nu ended with $LASTEXITCODE" }
    $read = { param($name) [Text.Encoding]::UTF8.GetString([IO.File]::ReadAllBytes((Join-Path $folder $name))) }
} else {
    & $program export-env --shell powershell | Invoke-Expression
    $read = { param($name) [Environment]::GetEnvironmentVariable($name) }
}

foreach ($name in $values.Keys) {
    if ((& $read $name) -cne $values[$name]) { throw "$name did not arrive" }
}
if (Test-Path pwned) { throw 'a value was executed' }
Remove-Item -Recurse -Force $folder
"$($values.Count) values arrived"
