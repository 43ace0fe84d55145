// The settings of accounts, tokens and keys, named as upstream's [security_compliance] where it has them; part of the table in config.ts.
import type { Setting } from './config.ts'

export interface AccountConfig {
  /** Seconds. */
  allowExpiredWindow: number
  /** Seconds. */
  receiptLifetime: number
  keyFile: string | null
  /** Days; 0 is never. */
  keyRotationDays: number
  passwordRegex: string | null
  passwordRegexDescription: string | null
  /** 0 is never. */
  passwordExpiresDays: number
  uniqueLastPasswordCount: number
  minimumPasswordAge: number
  changePasswordUponFirstUse: boolean
  /** 0 is never. */
  lockoutFailureAttempts: number
  /** Seconds; 0 is until somebody enables the user. */
  lockoutDuration: number
  /** 0 is never. */
  disableUserAccountDaysInactive: number
  totpPreviousWindows: number
  limitModel: 'flat' | 'strict_two_level'
}

const setting = <Name extends keyof AccountConfig>(
  name: Name,
  type: Setting['type'],
  value: AccountConfig[Name],
  argument: string,
  sentence: string,
  shown?: string,
) => ({ name, type, default: value, argument, sentence, shown }) as Setting

export const accountSettings: readonly Setting[] = [
  setting(
    'allowExpiredWindow',
    { from: 0, to: 30 * 86400 },
    172_800,
    'SECONDS',
    'How long after its end a service may still ask what a token was (`allow_expired`).',
  ),
  setting('receiptLifetime', { from: 1, to: 86400 }, 300, 'SECONDS', 'How long the receipt of a login that lacks a factor is valid.'),
  setting(
    'keyFile',
    'path',
    null,
    'FILE',
    'The master key, under which all other keys lie in the database. Several control processes on one database need the same.',
    '`master-key` in the data folder, made at the first start',
  ),
  setting(
    'keyRotationDays',
    { from: 0, to: 3650 },
    30,
    'DAYS',
    'How often the keys of tokens and credentials are replaced by new ones; tokens stay valid. 0 is never.',
  ),
  setting('passwordRegex', 'text', null, 'PATTERN', 'Regular expression that new passwords must match from their start on.', 'none'),
  setting('passwordRegexDescription', 'text', null, 'TEXT', 'That expression in words, for users whose password does not match.', 'none'),
  setting('passwordExpiresDays', { from: 0, to: 36500 }, 0, 'DAYS', 'How long a new password is valid; 0 is for ever.'),
  setting(
    'uniqueLastPasswordCount',
    { from: 0, to: 24 },
    0,
    'N',
    'How many of their last passwords, the present one among them, users cannot choose again; 0 lets them.',
  ),
  setting(
    'minimumPasswordAge',
    { from: 0, to: 3650 },
    0,
    'DAYS',
    'How long users must keep a password that they chose before they can change it.',
  ),
  setting(
    'changePasswordUponFirstUse',
    'boolean',
    false,
    '',
    'A password that an administrator set has to be changed by its user before it gives a token.',
  ),
  setting(
    'lockoutFailureAttempts',
    { from: 0, to: 1_000_000 },
    0,
    'N',
    'After so many wrong passwords or passcodes in a row the user is locked; 0 is never.',
  ),
  setting(
    'lockoutDuration',
    { from: 0, to: 10 * 365 * 86400 },
    1800,
    'SECONDS',
    'How long a user stays locked after the last wrong password; 0 is until an administrator enables the user.',
  ),
  setting(
    'disableUserAccountDaysInactive',
    { from: 0, to: 36500 },
    0,
    'DAYS',
    'Users who have not logged in for so long are disabled until an administrator enables them; 0 is never.',
  ),
  setting(
    'totpPreviousWindows',
    { from: 0, to: 10 },
    1,
    'N',
    'How many passcodes before the present one are still right, each 30 seconds old.',
  ),
  setting(
    'limitModel',
    { oneOf: ['flat', 'strict_two_level'] },
    'flat',
    'NAME',
    'How unified limits of domains and their projects go together: not at all, or no project above its domain.',
  ),
]
