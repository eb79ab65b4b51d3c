import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { colourOf, initials } from '../../lib/describe.ts';
import { say } from '../state.ts';
import { Icon, type IconName } from './icon.tsx';
import { useThumbnail } from './media.ts';

export function Avatar({ id, name, uri, size }: { id: string; name: string; uri?: string | undefined; size: number }) {
  const { address } = useThumbnail(uri, 96);
  const style = { width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.4)}px` };
  return (
    <span class={`avatar tone${colourOf(id)}`} style={style} aria-hidden="true">
      {address === undefined ? initials(name) : <img src={address} alt="" />}
    </span>
  );
}

export function IconButton(props: {
  icon: IconName;
  label: string;
  class?: string;
  disabled?: boolean;
  onClick: (event: Event) => void;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ''}`}
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled ?? false}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

let lastId = 0;

function useId(): string {
  const [id] = useState(() => {
    lastId += 1;
    return `field-${lastId}`;
  });
  return id;
}

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly type?: 'text' | 'password';
  readonly autoComplete?: string;
  readonly autoFocus?: boolean;
  readonly onInput: (value: string) => void;
}

/** One labelled line of input, with its hint or its error below. */
export function Field(props: FieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (props.autoFocus === true) input.current?.focus();
  }, []);
  const isPassword = props.type === 'password';
  const note = props.error ?? props.hint;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="input-row">
        <input
          ref={input}
          id={id}
          class="input"
          type={(isPassword && !isShown ? 'password' : 'text') as 'text'}
          value={props.value}
          autoComplete={props.autoComplete ?? 'off'}
          autoCapitalize={isPassword || props.autoComplete === 'username' ? 'none' : 'sentences'}
          spellcheck={false}
          dir="auto"
          aria-invalid={props.error !== undefined}
          aria-describedby={note === undefined ? undefined : `${id}-note`}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
        {isPassword && (
          <IconButton
            icon="eye"
            label={say(isShown ? 'hidePassword' : 'showPassword')}
            onClick={() => setShown(!isShown)}
          />
        )}
      </div>
      {note !== undefined && (
        <span id={`${id}-note`} class={`small ${props.error === undefined ? 'quiet' : 'danger-text'}`}>
          {note}
        </span>
      )}
    </div>
  );
}

export function SearchBox(props: {
  label: string;
  value: string;
  autoFocus?: boolean;
  onInput: (value: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.autoFocus === true) input.current?.focus();
  }, []);
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={input}
        class="input"
        type="search"
        dir="auto"
        placeholder={props.label}
        aria-label={props.label}
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </div>
  );
}

/** A modal dialog; Escape and the backdrop close it, focus returns where it was. */
export function Dialog(props: { title: string; sheet?: boolean; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.sheet === true ? 'sheet' : ''}
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) props.onClose();
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2>{props.title}</h2>
          <IconButton icon="close" label={say('close')} onClick={props.onClose} />
        </div>
        {props.children}
      </div>
    </dialog>
  );
}

/** A question with one answer that does something, and one that does not. */
export function Confirm(props: {
  title: string;
  text: string;
  action: string;
  isDanger?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={props.title} sheet onClose={props.onClose}>
      <p class="quiet">{props.text}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={props.onClose}>
          {say('cancel')}
        </button>
        <button
          type="button"
          class={`button ${props.isDanger === true ? 'danger' : 'primary'}`}
          onClick={() => {
            props.onClose();
            props.onConfirm();
          }}
        >
          {props.action}
        </button>
      </div>
    </Dialog>
  );
}

/** Runs a command with its waiting and its failure to show. */
export function useAction<A extends unknown[]>(action: (...values: A) => Promise<void>) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const run = (...values: A) => {
    setBusy(true);
    setError(undefined);
    action(...values)
      .catch((failure: unknown) => setError(failure))
      .finally(() => setBusy(false));
  };
  return { run, isBusy, error };
}
