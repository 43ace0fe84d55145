import { Type } from 'typebox'
import { Closed, Nullable } from '../../../api/types.ts'
import { SecurityGroupRule } from '../security-group-rules/schema.ts'
import { Bool, Description, Name, owner, shownStandard } from '../wire/fields.ts'

/** A group with its rules as it is shown (reference 14.7). */
export const SecurityGroup = Type.Object({
  id: Type.String(),
  name: Type.String(),
  security_group_rules: Type.Array(SecurityGroupRule),
  stateful: Type.Boolean(),
  shared: Type.Boolean(),
  ...shownStandard,
})

const changeable = { name: Type.Optional(Name), description: Type.Optional(Nullable(Description)), stateful: Type.Optional(Bool) }

export const NewGroup = Closed({ ...owner, ...changeable })
export const GroupChanges = Closed({ security_group: Closed(changeable) })
