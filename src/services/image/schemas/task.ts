// JSON schema of tasks, which clients build their models from.
const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more })
const object = (description: string) => ({ type: ['null', 'object'], description })

export const taskSchema = {
  name: 'task',
  properties: {
    id: text('An identifier for the task'),
    type: text('What the task does', { enum: ['import', 'api_image_import'] }),
    status: text('How far it has come', { enum: ['pending', 'processing', 'success', 'failure'] }),
    input: object('What was asked for'),
    result: object('What came of it'),
    owner: text('Project that the task belongs to'),
    message: text('Why it failed, where it did'),
    image_id: { type: ['null', 'string'], description: 'Image that the task works on' },
    request_id: text('Identifier of the request that began it'),
    user_id: text('User who began it'),
    expires_at: { type: ['null', 'string'], description: 'When a finished task is forgotten' },
    created_at: text('When it was created'),
    updated_at: text('When it was last changed'),
    self: text('Its address', { readOnly: true }),
    schema: text('Address of its schema', { readOnly: true }),
  },
}
